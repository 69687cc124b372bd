import type { Server } from '../../aws/sql.ts'
import { closest } from '../../config/closest.ts'
import { refuse } from '../../core/errors.ts'
import { destroy } from '../../engine/destroy.ts'
import { kindOf } from '../../kinds/index.ts'
import { openDb, orRefuse, recordedDatabase, serverAt } from '../../session/database.ts'
import { declareStack } from '../../session/declare.ts'
import { commandLine } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { offlineLookups } from '../../session/lookups.ts'
import { conclude, withReporter } from '../../session/outcome.ts'
import type { Session } from '../../session/session.ts'
import { lookAtRows } from '../../session/survey.ts'
import { columns } from '../../ui/format.ts'
import { confirmedByName } from './confirm.ts'
import type { DropFlags } from './definitions.ts'
import { changeNames } from './names.ts'

/**
 * Deletes one database with all that is in it, and the role and the secret that are its own. Out of infra.yaml first: a run that is
 * killed then leaves what create refuses to touch, and the same command goes on.
 */
export const dropCommand = async (name: string, flags: DropFlags): Promise<number> => {
  const words = `drop ${name}${flags.force ? ' --force' : ''}`
  const s = await openDb(flags, { words, use: 'sql', exclusive: true })
  try {
    const here = ours(s, name)
    const server = await serverAt(s)
    // A container is not started before the yes.
    if ((await orRefuse(s, s.inside.find(server))) !== 'task') await refuseIfUsed(s, server, name, flags)
    const { keys } = here
    header({ ...s, account: s.caller.account }, 'Drop database')
    screen(s, server, name, keys)
    const what = `This deletes the database ${name} with all that is in it`
    if (!(await confirmedByName(s, flags, { name, what, words: `db ${words}` }))) return 0
    s.inside.begin()
    await refuseIfUsed(s, server, name, flags)
    const unknown = here.inFile && !here.made
    if (unknown) await refuseIfForeign(s, server, name)
    const edit = here.inFile ? await changeNames(s.loaded, { remove: name }, flags, commandLine(flags, `db ${words}`)) : undefined
    s.begin()
    const again = commandLine(flags, `db ${words}${flags.via ? ` --via ${flags.via}` : ''}`)
    if (unknown || (flags.force && here.made))
      await orGone(s.aws.sql('DropDatabase', { server, name, force: flags.force === true }))
    const seen = await lookAtRows(s, keys)
    const at = new Date()
    const outcome = await withReporter(s, (report) => destroy(keys, seen, s.context(report), kindOf, { snapshots: true, at }))
    const code = conclude(s, outcome, again)
    if (s.io.json)
      s.io.event({ type: 'result', dropped: code === 0 ? name : null, deleted: outcome.done, failed: [...outcome.failed.keys()] })
    if (code !== 0) return code
    s.io.say(`\n${s.io.c.green('✓')} ${name} is gone${edit ? ` from the server and from ${edit.key} of infra.yaml` : ''}.`)
    if (edit?.shared) s.io.note('  That list counts for all environments of the file.')
    if (edit && s.sandbox) s.io.note('  infra.yaml counts for the real account, too.')
    s.io.say(`  Next: ${s.io.c.cyan(commandLine(flags, 'db list'))}`)
    return 0
  } finally {
    await s.close()
  }
}

interface Ours {
  readonly inFile: boolean
  /** Its row is there: the engine made it. */
  readonly made: boolean
  /** Recorded, and of no use to anybody without it: the database itself; with a role for each, that, its secret and what is written there. */
  readonly keys: readonly string[]
}

/** What neither the file nor the state knows, was made by somebody else. @throws InfraError (exit 2) */
const ours = (s: Session, name: string): Ours => {
  const { names } = s.config.databases
  const inFile = names.includes(name)
  const row = recordedDatabase(s, name)?.row
  const keys = ownKeys(s, name)
  const byHand = `By hand: ${commandLine(s.g, 'db connect --role master')}, then DROP DATABASE "${name}"`
  if (row?.adopted) throw refuse(`The database ${name} was there before infra`, 'it is used as it is, and never deleted', byHand)
  // Without the row of the database itself: a run that was killed on its way to the end.
  if (inFile || keys.length > 0) return { inFile, made: row !== undefined, keys }
  const meant = closest(name, names)
  throw refuse(
    `infra did not make a database ${name}`,
    `${meant ? `did you mean ${meant}? ` : ''}It is neither in infra.yaml nor in the state`,
    meant ? commandLine(s.g, `db drop ${meant}`) : byHand,
  )
}

/** What the stack has with this database and has not without it. */
const ownKeys = (s: Session, name: string): string[] => {
  const at = offlineLookups(s.config, s.state, s.caller.account, s.caller.partition)
  const others = s.config.databases.names.filter((n) => n !== name)
  const declared = (names: readonly string[]): string[] =>
    declareStack({ ...s.config, databases: { ...s.config.databases, names } }, at)
      .nodes()
      .map((n) => n.key)
  const without = new Set(declared(others))
  return declared([...others, name]).filter((key) => !without.has(key) && s.state.row(key))
}

const refuseIfUsed = async (s: Session, server: Server, name: string, flags: DropFlags): Promise<void> => {
  if (flags.force) return
  const users = await orRefuse(s, s.aws.sql('Sessions', { server, database: name }))
  if (users.length === 0) return
  throw refuse(
    `Somebody is connected to ${name}`,
    users.join('; '),
    `Stop them, or end their sessions with it: ${commandLine(flags, `db drop ${name} --force`)}`,
  )
}

/** Not recorded, but of a name in the config: ours only if it belongs to whom it should. */
const refuseIfForeign = async (s: Session, server: Server, name: string): Promise<void> => {
  const look = await orRefuse(s, s.aws.sql('Look', { server }))
  const found = look.is === 'open' ? look.inside.databases.find((d) => d.name === name) : undefined
  const { roles, appUser } = s.config.databases
  if (!found || found.owner === (roles === 'shared' ? appUser : name)) return
  throw refuse(
    `The database ${name} belongs to ${found.owner}`,
    'this stack did not make it, so it is left alone',
    `Take ${name} out of databases.names in infra.yaml`,
  )
}

const screen = (s: Session, server: Server, name: string, keys: readonly string[]): void => {
  const { io } = s
  const { c } = io
  const rows = keys.map((key) => {
    const row = s.state.row(key)
    const facts = row && kindOf(row.type).facts
    return [c.red('- delete'), row?.name ?? key, c.dim(facts?.title ?? ''), facts?.data ? c.red('holds data') : '']
  })
  io.say(columns(rows.length > 0 ? rows : [[c.red('- delete'), name, c.dim('database'), c.red('holds data')]]))
  io.say(
    `\n  RDS backs up the whole server ${server.id}, not one database. To keep ${name}: ${commandLine(s.g, `db backup ${name}`)} first.`,
  )
}

/** Killed after it was dropped and before that was recorded: then it is not there, which is what is wanted. */
const orGone = async (work: Promise<void>): Promise<void> => {
  await work.catch((error: unknown) => {
    if (!(error instanceof Error) || error.name !== 'DatabaseNotFound') throw error
  })
}
