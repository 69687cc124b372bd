import { beginRotation, finishRotation, type Progress, progressOf, setMasterPassword } from '../aws/rotation.ts'
import type { Login, PasswordAt, Server } from '../aws/sql.ts'
import { checkStop, InfraError, refuse } from '../engine/errors.ts'
import type { Report } from '../engine/events.ts'
import { until } from '../engine/wait.ts'
import { serverOf } from '../kinds/index.ts'
import { elapsed } from '../ui/format.ts'
import { agreed } from './agree.ts'
import { type Whom, whomOf } from './db-rotate-whom.ts'
import { type DbFlags, dbLine, openDb, orRefuse } from './db-server.ts'
import { withReporter } from './outcome.ts'
import { busy, lookAtServer, orGoesOn, stackServer } from './rds-server.ts'
import { header } from './screens.ts'
import type { Session } from './session.ts'

export interface RotateFlags extends DbFlags {
  /** `app`, `master`, or a database that has a role of its own. */
  readonly role?: string
}

/** Statuses in which one can log in. */
const RUNS = /^(available|storage-optimization|resetting-master-credentials|modifying|backing-up|configuring-\S+)$/
const READY = /^(available|storage-optimization)$/

/** AWS needs seconds, seldom minutes, until the master's new password counts. */
const TAKES = { minutes: 0.5, deadline: 15 }

/**
 * A new password: into the secret as a version that does not count yet, into the server, tried, and then it counts. Killed at any
 * instant, one of the two versions logs in, and the same command goes on with the password that is there.
 */
export const rotateCommand = async (flags: RotateFlags): Promise<number> => {
  const role = flags.role ?? 'app'
  const words = `rotate-password --role ${role}`
  const passwords = (of: Session) => {
    const { secret, key } = whomOf(of, role)
    return [{ secret, key, stage: 'AWSPENDING' } as const]
  }
  const s = await openDb(flags, { words, use: 'sql', exclusive: true, passwords })
  try {
    const seen = await stackServer(s, `db ${words}`)
    const whom = whomOf(s, role)
    if (!RUNS.test(seen.status)) throw busy(s, seen, `db ${words}`)
    const server = await orRefuse(s, serverOf(s.aws, { server: seen.id, secret: String(seen.row.want.passwordSecret) }))
    const progress = await orRefuse(s, progressOf(s.aws, whom))
    if (progress === 'other') throw otherFirst(flags, whom)
    // Where nobody gets in nothing is begun. A container that only tries the way would take a minute.
    const via = await orRefuse(s, s.inside.find(server))
    if (progress === 'none' && via !== 'task') await orRefuse(s, logIn(s, whom, server))
    screen(s, whom, server, progress)
    if (!(await agreed(s, flags, 'Change it?', 'This would change a password', dbLine(flags, `${words} --yes`)))) return 0
    const began = Date.now()
    await withReporter(s, (report) => rotate(s, whom, server, progress, report, dbLine(flags, words)))
    return done(s, flags, whom, server, progress, Date.now() - began)
  } finally {
    await s.close()
  }
}

const rotate = async (
  s: Session,
  whom: Whom,
  server: Server,
  progress: Progress,
  report: Report,
  again: string,
): Promise<void> => {
  const key = whom.user
  try {
    report({ type: 'resource.updating', key, title: 'password of', name: `${whom.user} in ${server.id}` })
    if (progress === 'none') await beginRotation(s.aws, whom)
    // A rotation that was begun may have come as far as the server, or farther.
    if (progress !== 'current' && (progress === 'none' || (await tryNew(s, whom, server)) !== 'ok')) {
      await orGoesOn(
        whom.of === 'master' ? changeMaster(s, whom, server, report) : changeRole(s, whom, server),
        'the new password is in the secret, and does not count yet',
        `${again} goes on with it`,
      )
    }
    await finishRotation(s.aws, whom)
  } catch (error) {
    throw s.explain(error)
  }
}

const logIn = (s: Session, { user, secret, key }: Whom, server: Server, stage?: PasswordAt['stage']): Promise<Login> =>
  s.aws.sql('Login', {
    server,
    role: user,
    password: { secret, key, ...(stage ? { stage } : {}) },
    database: server.engine === 'mysql' ? '' : 'postgres',
  })

/** Logs in with the password that does not count yet. */
const tryNew = async (s: Session, whom: Whom, server: Server): Promise<'ok' | 'wrong-password'> => {
  const login = await logIn(s, whom, server, 'AWSPENDING')
  // The password is right also where the role may not enter this database.
  if (login === 'ok' || login === 'barred') return 'ok'
  if (login === 'wrong-password') return login
  throw new InfraError(`Nobody can try the new password of ${whom.user} (${login})`, {
    why: 'it counts only once it has been tried',
    next: 'Run the same command again, with another --via: it goes on with the password that is there',
  })
}

const changeRole = async (s: Session, whom: Whom, server: Server): Promise<void> => {
  const { secret, key, user: name } = whom
  checkStop(s.signal)
  await s.aws.sql('AlterRole', { server, name, password: { secret, key, stage: 'AWSPENDING' } })
  if ((await tryNew(s, whom, server)) !== 'ok') throw notTaken(whom)
}

const notTaken = ({ user, secret }: Whom): InfraError =>
  new InfraError(`The server has not taken the new password of ${user}`, {
    why: `the old one still counts; the new one waits in ${secret} as AWSPENDING`,
    next: 'Run the same command again: it goes on with the same password',
  })

/** The master's is RDS's own affair: it is told by an API call, and some time later it counts. */
const changeMaster = async (s: Session, whom: Whom, server: Server, report: Report): Promise<void> => {
  const cx = s.context(report)
  const look = async () => {
    const seen = await lookAtServer(s, server.id)
    const ready = seen !== undefined && READY.test(seen.status)
    return { is: seen?.status ?? 'gone', ready, pending: seen?.passwordPending === true }
  }
  await until(cx, whom.user, look, (seen) => seen.ready && !seen.pending, TAKES)
  checkStop(s.signal)
  await setMasterPassword(s.aws, whom, server.id)
  const tried = async () => {
    const seen = await look()
    return seen.ready && !seen.pending && (await tryNew(s, whom, server)) === 'ok' ? { is: 'taken' } : { is: seen.is }
  }
  await until(cx, whom.user, tried, (seen) => seen.is === 'taken', TAKES)
}

const otherFirst = (flags: RotateFlags, { secret, of }: Whom): InfraError => {
  const other = of === 'app' ? 'master' : 'app'
  return refuse(
    `The rotation of the ${other === 'master' ? "master user's" : "application's"} password was begun and is not finished`,
    `both are in the secret ${secret}, and it holds one new version at a time`,
    dbLine(flags, `rotate-password --role ${other}`),
  )
}

const screen = (s: Session, { user, key, of }: Whom, server: Server, progress: Progress): void => {
  const { io } = s
  const { c } = io
  header({ ...s, account: s.caller.account }, 'Rotate password')
  io.say(`  ${c.yellow('~ change')}  the password of ${c.bold(user)}  ${c.dim(`${server.id}, key ${key} of its secret`)}`)
  if (progress !== 'none') io.say('\n  It was begun by a run before this one, and is finished now: no other password is made.')
  io.say(
    '\n  Into the secret (it does not count yet), into the server, tried by logging in: then it counts, and the old one is void.',
  )
  if (of === 'app') {
    io.say(
      `  ${c.yellow('Applications that run')} keep the old one in memory: their open connections stay, new ones are refused until they`,
    )
    io.say('  are restarted and read the secret again.')
  }
  io.say(`  Costs nothing. Time: ${c.bold(of === 'master' ? 'some seconds, seldom minutes' : 'some seconds')}.`)
}

const done = (s: Session, flags: RotateFlags, whom: Whom, server: Server, progress: Progress, took: number): number => {
  const { io } = s
  const { c } = io
  const { user, key, of, secret } = whom
  if (io.json) io.event({ type: 'result', role: user, server: server.id, secret, key, resumed: progress !== 'none' })
  io.say(`\n${c.green('✓')} ${user} logs in with the new password, after ${elapsed(took)}. The old one is void.`)
  if (of === 'app')
    io.say(
      '  Restart what uses it, for example: aws ecs update-service --cluster <cluster> --service <service> --force-new-deployment',
    )
  io.say(`  Next: ${c.cyan(dbLine(flags, 'verify'))}`)
  return 0
}
