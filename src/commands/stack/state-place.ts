import { readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setKeys } from '../../config/edit.ts'
import { type Loaded, readText } from '../../config/load.ts'
import { parseYaml, readConfig } from '../../config/read.ts'
import { InfraError } from '../../core/errors.ts'
import { replaceFile } from '../../state/replace.ts'

/** The few keys that are looked at here; the whole has passed its rules before. */
interface Written {
  readonly environments?: Readonly<Record<string, { readonly state?: unknown } | null>> | null
}

/**
 * Lets infra.yaml say that the state of this environment is kept there: in the environment's own part where it has a say of its own or where
 * other environments share the place, else for all. The others keep their places.
 * @returns writes it
 * @throws InfraError before anything is written, when the file would not say so
 */
export const placeInFile = async (
  { config, file, stateFile }: Loaded,
  to: string,
  region?: string,
): Promise<() => Promise<void>> => {
  const before = (await readText(file)) ?? ''
  const { environment } = config
  const { environments } = parseYaml(file, before) as Written
  const others = new Set([
    ...config.environments,
    ...Object.keys(environments ?? {}),
    ...(await recordedIn(dirname(stateFile(false)))),
  ])
  others.delete(environment)
  const own = environments?.[environment]?.state !== undefined || others.size > 0
  const after = setKeys(before, [[own ? ['environments', environment, 'state'] : ['state'], to]])
  const placeOf = (text: string, name: string): string =>
    readConfig(parseYaml(file, text), { environment: name, region }, file).state
  const wrong = [...others].find((name) => placeOf(after, name) !== placeOf(before, name))
  if (placeOf(after, environment) !== to || wrong !== undefined)
    throw new InfraError(`${file} cannot be made to say that the state of ${environment} is at ${to}`, {
      why: wrong === undefined ? 'something else in it decides that' : `${wrong} would have another place, too`,
      next: `Write it there yourself: state: ${to}`,
      exitCode: 2,
    })
  return async () => {
    await replaceFile(file, after).catch((error: Error) => {
      throw new InfraError(`Cannot write ${file}`, {
        why: error.message,
        next: `Write it there yourself: state: ${to}`,
        cause: error,
      })
    })
  }
}

/** Environments that have a state in this folder. */
const recordedIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch(() => [])).flatMap((name) => /^([a-z0-9-]+)\.json$/.exec(name)?.[1] ?? [])
