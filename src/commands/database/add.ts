import type { Via } from '../../aws/sql.ts'
import { loadConfig } from '../../config/load.ts'
import { InfraError, refuse } from '../../core/errors.ts'
import { type DbFlags, dbLine } from '../../session/database.ts'
import { viaFlag } from '../../session/database-access/via.ts'
import { commandLine, ioOf, wantsSandbox } from '../../session/globals.ts'
import { changeNames } from './names.ts'

/** `infra create` of some steps. */
type Create = (
  steps: readonly string[],
  flags: DbFlags,
  how: { readonly via: Via | undefined; readonly onYes: () => void },
) => Promise<number>

/**
 * One more database: its name goes into infra.yaml, then the step is created as always. A run that is refused or declined puts the
 * file back; once it has begun, the name stays, and create goes on from there.
 */
export const addCommand = async (name: string, flags: DbFlags, create: Create): Promise<number> => {
  const via = viaFlag(flags)
  const loaded = await loadConfig({ file: flags.config, environment: flags.env, region: flags.region })
  const io = ioOf(flags)
  const { config } = loaded
  const again = commandLine(flags, 'create databases')
  if (config.databases.names.includes(name))
    throw refuse(`${name} is in databases.names of infra.yaml already`, 'create makes what is missing in the server', again)
  if (!config.steps.includes('databases'))
    throw refuse(
      'The step databases is switched off',
      'it is not among "steps" in infra.yaml',
      'Add databases to steps in infra.yaml',
    )
  const edit = await changeNames(loaded, { add: name }, flags, dbLine(flags, 'add <name>'))
  let stays = false
  const inFile = `${name} is in ${edit.key} of infra.yaml`
  const orUndo = (): void => {
    try {
      if (!stays) edit.undo()
    } catch (error) {
      io.note(`${inFile}, and cannot be taken out again: ${(error as Error).message}`)
    }
  }
  // Ctrl-C while it looks around ends the process.
  process.once('exit', orUndo)
  try {
    const code = await create(['databases'], flags, {
      via,
      onYes: () => {
        stays = true
      },
    })
    if (stays && edit.shared) io.note(`${inFile}, which counts for all environments of the file.`)
    if (stays && wantsSandbox(flags)) io.note('  infra.yaml counts for the real account, too.')
    if (stays && code !== 0) io.note(`${inFile}; to take it out again: ${dbLine(flags, `drop ${name}`)}`)
    else if (stays && (wantsSandbox(flags) || (via ?? config.databases.via) !== 'print'))
      io.say(`  To look in: ${io.c.cyan(commandLine(flags, `db connect ${name}`))}`)
    return code
  } catch (error) {
    if (stays) io.note(`${inFile}. To go on: ${again}`)
    // The file is put back: the command that says yes is this one again.
    const declined = !stays && error instanceof InfraError && error.code === 'yes.needed'
    if (declined) throw refuse(error.what, error.why, dbLine(flags, `add ${name} --yes`), error.code)
    throw error
  } finally {
    orUndo()
    process.off('exit', orUndo)
  }
}
