import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

export const filesIn = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((file) => statSync(file).isFile())

/** Every form in which a value can stand in a text: as it is, its beginning, in JSON, in a URL or form, in base64. */
export const formsOf = (value: string): string[] => [
  value.slice(0, 8),
  JSON.stringify(value).slice(1, -1),
  encodeURIComponent(value),
  Buffer.from(value).toString('base64').replace(/=+$/, '').slice(0, -1),
]
