import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where `infra` keeps what can be made again. INFRA_CACHE_DIR replaces the whole of it (tests). */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  if (env.INFRA_CACHE_DIR) return env.INFRA_CACHE_DIR
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'infra')
}

/** The Python extension: beside this file in the sources, beside the chunks in the package. */
export function extensionDir(): string {
  return fileURLToPath(new URL('./moto_ext/', import.meta.url))
}
