import { readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { InfraError, refuse } from '../core/errors.ts'
import { cached, remember } from './cache.ts'
import type { Config } from './config.ts'
import { type LoadOptions, regionOfShell } from './options.ts'

export const CONFIG_FILE = 'infra.yaml'

export interface Loaded {
  readonly config: Config
  readonly file: string
  /** state/<environment>.json beside the config; the sandbox has its own. */
  stateFile(sandbox: boolean): string
}

/** @throws InfraError (exit 2) when there is no file, or it breaks a rule: one sentence for each mistake */
export const loadConfig = async (options: LoadOptions): Promise<Loaded> => {
  const file = resolve(options.file ?? CONFIG_FILE)
  const text = await readText(file)
  if (text === undefined)
    throw options.file
      ? refuse(`There is no config file ${file}`, 'it was named with --config', 'infra init writes one', 'config.missing')
      : refuse(
          `There is no ${CONFIG_FILE} in this folder`,
          'infra reads there what the stack shall look like',
          'infra init',
          'config.missing',
        )
  const config = await understood(file, text, options)
  const folder = join(dirname(file), 'state')
  return { config, file, stateFile: (sandbox) => join(folder, `${config.environment}${sandbox ? '.sandbox' : ''}.json`) }
}

/** The parser and the rules weigh more than most commands: an unchanged file is not read through them twice. */
const understood = async (file: string, text: string, options: LoadOptions): Promise<Config> => {
  const asked = JSON.stringify([text, options.environment, options.region, regionOfShell()])
  const known = await cached(file, asked)
  if (known) return known as Config
  const { parseYaml, readConfig } = await import('./read.ts')
  const config = readConfig(parseYaml(file, text), options, file)
  await remember(file, asked, config)
  return config
}

/** Undefined when there is none. */
export const readText = async (file: string): Promise<string | undefined> => {
  try {
    // A pipe without a writer would be waited for for ever.
    if (!(await stat(file)).isFile()) throw refuse(`Cannot read ${file}`, 'it is not a file', 'Name a file')
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (error instanceof InfraError) throw error
    throw new InfraError(`Cannot read ${file}`, { why: message, exitCode: 2, cause: error })
  }
}
