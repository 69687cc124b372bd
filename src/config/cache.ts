import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cacheDir } from '../sandbox/paths.ts'
import { replaceFile } from '../state/replace.ts'

// A bundled chunk is named by its content, so a cache entry of another build never fits. Sources have no such name: no cache there.
const BUILD = import.meta.url
const bundled = BUILD.endsWith('.js')

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)
const place = (file: string): string => join(cacheDir(process.env), 'configs', `${digest(file)}.json`)

/** What was made of this file the last time, if it was asked the same; undefined otherwise. A cache that cannot be read is none. */
export const cached = async (file: string, asked: string): Promise<unknown> => {
  if (!bundled) return undefined
  try {
    const { key, config } = JSON.parse(await readFile(place(file), 'utf8')) as { key: string; config: unknown }
    return key === digest(BUILD + asked) ? config : undefined
  } catch {
    return undefined
  }
}

/** One entry for each config file. Failing to write costs only time. */
export const remember = async (file: string, asked: string, config: unknown): Promise<void> => {
  if (!bundled) return
  const to = place(file)
  try {
    await mkdir(dirname(to), { recursive: true, mode: 0o755 })
    await replaceFile(to, JSON.stringify({ key: digest(BUILD + asked), config }), { mode: 0o600 })
  } catch {
    // A read-only home is no reason to fail.
  }
}
