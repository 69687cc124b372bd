import { callOf } from '../../aws/call-of.ts'
import {
  closedSql,
  type Inside as InsideServer,
  type Looked,
  type PasswordAt,
  type Server,
  type SqlSend,
  type Via,
} from '../../aws/sql.ts'
import { classify } from '../../aws/trouble.ts'
import { InfraError } from '../../core/errors.ts'
import type { OpenSql, WayIn } from '../../database/open.ts'
import { TASK_STEP } from '../../steps/database-task-step.ts'
import type { Depth, How, Inside, Session } from '../types.ts'
import { findWay, reachable, reached, setWay } from './find.ts'

/** What leads into the stack's database server. Nothing is opened or loaded before something is asked. */
export const wayInto = (s: Session, depth: Depth, { via, use = 'sql', passwords = () => [] }: How = {}): Inside => {
  const set = setWay(s, via)
  const shut = (why: string): Inside => ({
    send: closedSql(why, 'Set databases.via in infra.yaml to direct, ssm or task, then run the same command again'),
    via: set ?? 'auto',
    override: via,
    find: async () => set ?? 'direct',
    begin: () => {},
    close: async () => {},
  })
  if (depth === 'record') return shut('this command goes by what is recorded')
  if (set === 'print') return shut('databases.via is print: a person runs the SQL')

  let found: Via | undefined = set
  let finding: Promise<Via> | undefined
  let forgotten: Promise<void> | undefined
  let near: Promise<boolean> | undefined
  let opened: Promise<OpenSql> | undefined
  let begun = false
  const find = async (server: Server): Promise<Via> => {
    finding ??= set ? Promise.resolve(set) : findWay(s, server, use)
    finding.catch(() => {
      finding = undefined
    })
    found = await finding
    return found
  }
  const open = async (way: Via): Promise<OpenSql> => {
    const { openSql } = await import('../../database/open.ts')
    const { io } = s
    return openSql({
      aws: s.aws,
      way: await wayOf(s, way, passwords(s)),
      caFile: s.config.databases.caFile,
      onNote: (line) => io.note(`  ${io.c.yellow('!')} ${line}`),
      onCall: io.verbose
        ? (operation, ms, error) => io.note(io.c.dim(`  sql.${operation} ${ms.toFixed(0)} ms${error ? ` ${error.name}` : ''}`))
        : undefined,
    })
  }
  /** Why nobody goes in now; undefined: go. */
  const staysOut = async (server: Server): Promise<string | undefined> => {
    try {
      const way = await find(server)
      if (way === 'task' && depth === 'change' && !begun) return 'a container looks in when the run begins'
      if (depth !== 'look') return undefined
      if (way !== 'direct') return `the way in (${way}) costs time; infra db verify takes it`
      // One that infra has found has answered.
      near ??= set && !s.sandbox ? reachable(server) : Promise.resolve(true)
      return (await near) ? undefined : outOfReach(server)
    } catch (error) {
      if (begun || depth === 'verify' || !(error instanceof InfraError)) throw error
      return error.what
    }
  }
  const send = async (operation: string, input: { server: Server }, before?: () => Promise<void>): Promise<unknown> => {
    checkSandbox(s, input.server)
    const looks = operation === 'Look' || operation === 'Login'
    const why = looks ? await staysOut(input.server) : undefined
    if (why !== undefined) return operation === 'Look' ? ({ is: 'closed', why } satisfies Looked) : 'closed'
    const way = await find(input.server)
    opened ??= open(way)
    try {
      const answer = await (await opened).send(operation as 'Look', input as never, before)
      if (set === 'direct') forgotten ??= reached(input.server)
      return answer
    } catch (error) {
      const missing = missingSecret(error)
      // No password is not the right one: the engine brings the secret back, and then the role is given what is in it.
      if (missing && operation === 'Login') return 'wrong-password'
      if (missing && operation === 'Look' && depth !== 'verify') return { is: 'closed', why: missing.what } satisfies Looked
      if (missing) throw missing
      // A plan can be told without it: what is recorded must do.
      if (depth === 'look' && operation === 'Look' && error instanceof InfraError)
        return { is: 'closed', why: error.what } satisfies Looked
      throw error
    }
  }
  return {
    get via() {
      return found ?? 'auto'
    },
    override: via,
    find,
    send: send as unknown as SqlSend,
    begin: () => {
      begun = true
    },
    async close() {
      await forgotten
      await (await opened?.catch(() => undefined))?.close()
      // A run that was killed may have left what a container needed, whatever the way is now.
      if (begun && [...s.state.all().values()].some((row) => row.step === TASK_STEP))
        await (await import('./task.ts')).clearTask(s)
    },
  }
}

const outOfReach = ({ host, port }: Server): string => `The database server ${host}:${port} cannot be reached from here`

/** Somebody deleted it: without the master's password nobody gets in, and create is what makes it again. */
const missingSecret = (error: unknown): InfraError | undefined => {
  if (!(error instanceof Error) || callOf(error) !== 'secretsManager.GetSecretValue') return undefined
  if (classify(error) !== 'gone' && !/marked for deletion|scheduled for deletion|marked deleted/i.test(error.message))
    return undefined
  return new InfraError('A secret with a password for the database server is not there', {
    why: error.message.replace(/\s+/g, ' '),
    next: 'infra create brings it back',
    cause: error,
  })
}

/** A look that a person has taken: good for reading, not for logging in or changing. */
export const broughtBack = (inside: InsideServer): Inside => {
  const send: SqlSend = async (operation, input) =>
    operation === 'Look'
      ? ({ is: 'open', via: 'print', inside } as never)
      : closedSql('somebody else looked in')(operation, input)
  return { via: 'print', find: async () => 'print', send, begin: () => {}, close: async () => {} }
}

/** @throws InfraError when the sandbox has made this server without a real one behind it */
export const checkSandbox = (s: Pick<Session, 'sandbox'>, { host, engine }: { host: string; engine: string }): void => {
  if (s.sandbox && !LOOPBACK.test(host)) throw noServer(engine)
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|::1)$/

const noServer = (engine: string): InfraError =>
  engine === 'mysql'
    ? new InfraError('The sandbox has no MySQL server', {
        why: 'it runs PostgreSQL only, so what is inside a MySQL server cannot be tried here',
        next: 'Take databases out of steps in infra.yaml, or set rds.engine to postgres',
      })
    : new InfraError('The sandbox found no PostgreSQL on this machine when the database was made', {
        why: 'its databases are real ones, on a server that it starts itself',
        next: 'Install it (Debian: apt-get install postgresql; macOS: brew install postgresql@16), then: infra sandbox stop, and infra create --sandbox',
      })

const wayOf = async (s: Session, via: Via, passwords: readonly PasswordAt[]): Promise<WayIn> => {
  const { config, io, signal, aws } = s
  const report = (line: string): void => io.note(io.c.dim(`  ${line}`))
  if (via === 'ssm') {
    const { ssmWay } = await import('../../database/ssm.ts')
    return ssmWay({ aws, region: config.region, profile: s.g.profile ?? config.profile, ...tunnelTarget(s), report, signal })
  }
  if (via === 'task') return (await import('./task.ts')).databaseTask(s, report, passwords)
  return (await import('../../database/open.ts')).direct
}

/** Through what a tunnel goes: what the config names, else what runs in the stack's network. */
export const tunnelTarget = (s: Pick<Session, 'config' | 'state'>): { target?: string; vpcId?: string } => {
  const { target } = s.config.databases
  const vpcId = s.state.row('vpc')?.attrs?.id
  return { ...(target ? { target } : {}), ...(typeof vpcId === 'string' ? { vpcId } : {}) }
}
