import { beginRotation, finishRotation, type Progress, progressOf, setMasterPassword } from '../../aws/rotation.ts'
import type { Login, PasswordAt, Server } from '../../aws/sql.ts'
import { checkStop, InfraError, refuse } from '../../core/errors.ts'
import type { Report } from '../../engine/events.ts'
import { until } from '../../engine/wait.ts'
import { serverOf } from '../../kinds/index.ts'
import { agreed } from '../../session/confirm.ts'
import { dbLine, openDb, orRefuse } from '../../session/database.ts'
import { withReporter } from '../../session/outcome.ts'
import { busy, lookAtServer, orGoesOn, stackServer } from '../../session/rds-server.ts'
import type { Session } from '../../session/session.ts'
import type { RotateFlags } from './definitions.ts'
import { rotated, rotateScreen } from './rotate-screen.ts'
import { otherOf, type Whom, whomOf } from './rotate-whom.ts'

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
    // The version that does not count yet has all keys: also the one whose rotation was begun before.
    const other = otherOf(of, role)?.key
    return [key, ...(other ? [other] : [])].map((k) => ({ secret, key: k, stage: 'AWSPENDING' }) as const)
  }
  const s = await openDb(flags, { words, use: 'sql', exclusive: true, passwords })
  try {
    const seen = await stackServer(s, `db ${words}`)
    const whom = whomOf(s, role)
    if (!RUNS.test(seen.status)) throw busy(s, seen, `db ${words}`)
    const server = await orRefuse(s, serverOf(s.aws, { server: seen.id, secret: String(seen.row.want.passwordSecret) }))
    const progress = await orRefuse(s, progressOf(s.aws, whom))
    const first = progress === 'other' ? otherOf(s, role) : undefined
    if (progress === 'other' && !first) throw otherFirst(flags, whom)
    const progressOfFirst = first && (await orRefuse(s, progressOf(s.aws, first)))
    // Where nobody gets in nothing is begun. A container that only tries the way would take a minute.
    const via = await orRefuse(s, s.inside.find(server))
    if (progress === 'none' && via !== 'task') await orRefuse(s, logIn(s, whom, server))
    rotateScreen(s, whom, server, progress, first)
    if (!(await agreed(s, flags, 'Change it?', 'This would change a password', dbLine(flags, `${words} --yes`)))) return 0
    const began = Date.now()
    await withReporter(s, async (report) => {
      if (first && progressOfFirst) await rotate(s, first, server, progressOfFirst, report, dbLine(flags, words))
      await rotate(s, whom, server, first ? 'none' : progress, report, dbLine(flags, words))
    })
    return rotated(s, flags, { whom, server, resumed: progress !== 'none' && !first, first, took: Date.now() - began })
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

/** Where the other one cannot be finished here: it is not infra's to change. */
const otherFirst = (flags: RotateFlags, { secret, of }: Whom): InfraError => {
  const other = of === 'app' ? 'master' : 'app'
  return refuse(
    `The rotation of the ${other === 'master' ? "master user's" : "application's"} password was begun and is not finished`,
    `both are in the secret ${secret}, and it holds one new version at a time`,
    dbLine(flags, `rotate-password --role ${other}`),
  )
}
