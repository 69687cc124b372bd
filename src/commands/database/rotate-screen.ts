import type { Progress } from '../../aws/rotation.ts'
import type { Server } from '../../aws/sql.ts'
import { type DbFlags, dbLine } from '../../session/database.ts'
import { commandLine } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { offlineLookups } from '../../session/lookups.ts'
import type { Session } from '../../session/session.ts'
import { elapsed } from '../../ui/format.ts'
import type { Whom } from './rotate-whom.ts'

/** @param first whose rotation was begun in the same secret, and is finished before */
export const rotateScreen = (s: Session, whom: Whom, server: Server, progress: Progress, first: Whom | undefined): void => {
  const { io } = s
  const { c } = io
  const { user, key, of } = whom
  header({ ...s, account: s.caller.account }, 'Rotate password')
  if (first)
    io.say(
      `  ${c.yellow('~ finish')}  the password of ${c.bold(first.user)}, whose rotation was begun by a run before this one: the secret holds one new version at a time`,
    )
  io.say(`  ${c.yellow('~ change')}  the password of ${c.bold(user)}  ${c.dim(`${server.id}, key ${key} of its secret`)}`)
  if (progress !== 'none' && !first)
    io.say('\n  It was begun by a run before this one, and is finished now: no other password is made.')
  io.say(
    '\n  Into the secret (it does not count yet), into the server, tried by logging in: then it counts, and the old one is void.',
  )
  io.say('  Between server and secret lie moments in which whoever reads the secret is given the old one, and is refused.')
  if (of === 'app') {
    io.say(
      `  ${c.yellow('Applications that run')} keep the old one in memory: their open connections stay, new ones are refused until they`,
    )
    io.say('  are restarted and read the secret again.')
  }
  io.say(`  Costs nothing. Time: ${c.bold(of === 'master' ? 'some seconds, seldom minutes' : 'some seconds')}.`)
}

interface Rotated {
  readonly whom: Whom
  readonly server: Server
  /** It was begun by a run before. */
  readonly resumed: boolean
  /** Whose rotation was finished before. */
  readonly first: Whom | undefined
  readonly took: number
}

export const rotated = (s: Session, flags: DbFlags, { whom, server, resumed, first, took }: Rotated): number => {
  const { io } = s
  const { c } = io
  const { user, key, of, secret } = whom
  if (io.json)
    io.event({ type: 'result', role: user, server: server.id, secret, key, resumed, ...(first ? { finished: first.user } : {}) })
  io.say(`\n${c.green('✓')} ${user} logs in with the new password, after ${elapsed(took)}. The old one is void.`)
  const using = of === 'app' ? servicesWith(s, whom) : []
  for (const [i, name] of using.entries())
    io.say(
      `  ${i === 0 ? 'Restart what uses it:' : '                     '} ${c.cyan(commandLine(flags, `deploy ${name} --force`))}`,
    )
  if (of === 'app' && using.length === 0) io.say('  Restart what uses it, so that it reads the secret again.')
  io.say(`  Next: ${c.cyan(dbLine(flags, 'verify'))}`)
  return 0
}

/** The services of the stack that run with this password, by their names in the config. */
const servicesWith = (s: Session, { secret, key }: Whom): string[] => {
  const shared = [s.state.row('database-secret')?.attrs?.arn, s.config.secrets.database.name].includes(secret)
  const words = [`${secret}:${key}`, ...(shared ? [`database:${key}`] : [])]
  const { deployed = {} } = offlineLookups(s.config, s.state, s.caller.account)
  return Object.entries(s.config.ecs.services).flatMap(([name, service]) => {
    const from = Object.values({ ...service.secrets, ...deployed[name]?.secrets })
    return s.config.steps.includes('ecs') && from.some((f) => words.includes(f)) ? [name] : []
  })
}
