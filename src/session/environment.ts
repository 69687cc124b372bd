import { readdir } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { closest } from '../config/closest.ts'
import { type Loaded, readText } from '../config/load.ts'
import { refuse } from '../core/errors.ts'
import { list } from '../ui/format.ts'
import type { Globals } from './globals.ts'

/**
 * A slip in `--env` must not begin a second stack: a name that is neither in infra.yaml nor has a state is refused.
 * @param elsewhere whether there is a state where this stack keeps it, if that is not a file beside the config
 * @throws InfraError (exit 2), with "did you mean"
 */
export const checkEnvironment = async (loaded: Loaded, g: Globals, elsewhere: () => Promise<boolean>): Promise<void> => {
  const { environment, environments } = loaded.config
  if (g.env === undefined || g.newEnv || environments.includes(environment)) return
  const files = [loaded.stateFile(false), loaded.stateFile(true)]
  for (const file of files) if ((await readText(file)) !== undefined) return
  if (await elsewhere()) return
  const known = [...new Set([...environments, ...(await environmentsIn(dirname(files[0] ?? '')))])].sort()
  const meant = closest(environment, known)
  throw refuse(
    `There is no environment ${environment}`,
    meant
      ? `did you mean ${meant}?`
      : `${basename(loaded.file)} has ${list(environments)}, and nothing that was made under this name is recorded`,
    `--env ${meant ?? environments[0]}. For a new environment: the same command with --new-env, or write "${environment}: {}" under environments in ${basename(loaded.file)}`,
  )
}

/** Those that have a state in this folder, each by the name of its file. */
const environmentsIn = async (folder: string): Promise<string[]> => {
  const names = await readdir(folder).catch(() => [])
  return names.flatMap((name) => /^([a-z0-9-]+)(?:\.sandbox)?\.json$/.exec(name)?.[1] ?? [])
}
