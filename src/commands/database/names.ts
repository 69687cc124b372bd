import { readFileSync } from 'node:fs'
import { setKeys } from '../../config/edit.ts'
import { addToList, removeFromList } from '../../config/edit-list.ts'
import { type Loaded, readText } from '../../config/load.ts'
import { parseYaml, readConfig } from '../../config/read.ts'
import { InfraError, refuse } from '../../core/errors.ts'
import type { Globals } from '../../session/globals.ts'
import { replaceFileSync } from '../../state/replace.ts'

export interface Edited {
  /** The key whose list was changed. */
  readonly key: string
  /** It counts for other environments of the file, too. */
  readonly shared: boolean
  /** Takes it back; what else was changed in the file meanwhile stays. */
  undo(): void
}

interface Change {
  readonly add?: string
  readonly remove?: string
}

/**
 * Changes databases.names in infra.yaml, where the list comes from: the environment's part, else the part for all. A list that comes
 * from a preset or a default is written out first. Comments stay.
 * @throws InfraError (exit 2) with the config's own sentence when a name breaks its rule; the file is as it was then
 */
export const changeNames = async (loaded: Loaded, change: Change, g: Globals, next: string): Promise<Edited> => {
  const { file, before, after, path, shared } = await edited(loaded, change)
  try {
    readConfig(parseYaml(file, after), { environment: g.env, region: g.region }, file)
  } catch (error) {
    if (error instanceof InfraError) throw refuse(error.what, error.why, next)
    throw error
  }
  try {
    replaceFileSync(file, after)
  } catch (error) {
    throw new InfraError(`Cannot write ${file}`, { why: (error as Error).message, exitCode: 2, cause: error })
  }
  return {
    key: path.join('.'),
    shared,
    undo: () => {
      const now = readFileSync(file, 'utf8')
      // Create may have written an answer into it: then only the name goes.
      const without = now === after ? before : change.add === undefined ? now : removeFromList(now, path, change.add)
      if (without !== now) replaceFileSync(file, without)
    },
  }
}

const edited = async ({ config, file }: Loaded, { add, remove }: Change) => {
  const before = (await readText(file)) ?? ''
  const { environments, databases } = parseYaml(file, before) as Written
  const overlay = environments?.[config.environment]?.databases?.names
  const path = [...(overlay ? ['environments', config.environment] : []), 'databases', 'names']
  const written = overlay ?? databases?.names
  const text = Array.isArray(written) ? before : setKeys(before, [[path, [...config.databases.names]]])
  const after = add !== undefined ? addToList(text, path, add) : remove !== undefined ? removeFromList(text, path, remove) : text
  return { file, before, after, path, shared: !overlay && Object.keys(environments ?? {}).length > 0 }
}

/** The few keys that are looked at here; the whole has passed its rules before. */
interface Written {
  readonly databases?: { readonly names?: unknown } | null
  readonly environments?: Readonly<Record<string, { readonly databases?: { readonly names?: unknown } | null } | null>> | null
}
