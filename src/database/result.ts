import type { Inside } from '../aws/sql.ts'
import { refuse } from '../core/errors.ts'

/** What the last line of the output begins with. */
export const RESULT = 'INFRA-RESULT'

/**
 * Reads what the SQL file of databases.via print has printed, wherever it stands in the text. A terminal may have broken the line.
 * @throws InfraError when it is not there or not whole
 */
export const parseResult = (text: string): Inside => {
  const starts = [...text.matchAll(new RegExp(`${RESULT}\\s*(?=\\{)`, 'g'))].map((m) => m.index + m[0].length)
  if (starts.length === 0)
    throw refuse(
      `There is no line that begins with ${RESULT}`,
      'the SQL file prints it at its end, when all before went well',
      'Run the file again (it can be repeated), and hand over all that it printed',
    )
  // The newest one. A name within it may look like the beginning of another.
  const found = starts
    .reverse()
    .map((at) => parsed(objectIn(text.slice(at))))
    .find(isInside)
  if (!found)
    throw refuse(
      `The line that begins with ${RESULT} is not whole`,
      'a part was lost on the way',
      'Hand over all that the file printed, for example: psql -X -f <file> | tee result',
    )
  return found
}

/** From the first brace to the one that closes it. Raw line breaks are the terminal's: JSON has none within texts, and needs none between. */
const objectIn = (text: string): string => {
  let out = ''
  let depth = 0
  let quoted = false
  let escaped = false
  for (const c of text) {
    if (c === '\n' || c === '\r') continue
    out += c
    if (quoted) {
      if (!escaped && c === '"') quoted = false
      escaped = !escaped && c === '\\'
      continue
    }
    if (c === '"') quoted = true
    if (c === '{') depth++
    if (c === '}' && --depth === 0) break
  }
  return out
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isInside = (value: unknown): value is Inside => {
  const { version, roles, databases } = (value ?? {}) as Readonly<Record<string, unknown>>
  return (
    typeof version === 'string' &&
    isListOf(roles, { name: 'string', login: 'boolean', granted: 'boolean' }) &&
    isListOf(databases, {
      name: 'string',
      owner: 'string',
      encoding: 'string',
      collation: 'string',
      publicConnect: 'boolean',
      sessions: 'number',
    })
  )
}

const isListOf = (value: unknown, shape: Readonly<Record<string, string>>): boolean =>
  Array.isArray(value) &&
  value.every((v: unknown) =>
    Object.entries(shape).every(([k, type]) => typeof (v as Readonly<Record<string, unknown>> | null)?.[k] === type),
  )
