import { type Document, isMap, isScalar, parseDocument, stringify } from 'yaml'
import { refuse } from '../core/errors.ts'
import { canonical } from '../core/json.ts'

export type Setting = readonly [path: readonly string[], value: unknown]

/**
 * Sets keys in the text of a YAML file: only those lines change; comments, blanks and order stay as they are.
 * @throws InfraError (exit 2) when a path leads through a value that holds no keys
 */
export const setKeys = (text: string, settings: readonly Setting[]): string =>
  settings.reduce((now, [path, value]) => setKey(now, path, value), text)

const setKey = (text: string, path: readonly string[], value: unknown): string => {
  const wanted = parseDocument(text)
  for (let n = 1; n < path.length; n++)
    // `vpc:` with nothing but comments below it is a place for keys, too.
    if (wanted.hasIn(path.slice(0, n)) && wanted.getIn(path.slice(0, n)) === null)
      wanted.setIn(path.slice(0, n), wanted.createNode({}))
  try {
    wanted.setIn(path, value)
  } catch {
    throw refuse(
      `${path.join('.')} cannot be set`,
      'one of the keys above it has a value of its own',
      'Look at that key in the file',
    )
  }
  // Writing the whole document anew would move comments about; it is the way out for what is not plain lines.
  const edited = inPlace(text, parseDocument(text), path, value)
  const whole = (): string => wanted.toString({ lineWidth: 0 })
  return edited !== undefined && means(edited) === canonical(wanted.toJS()) ? edited : whole()
}

const means = (text: string): string | undefined => {
  const doc = parseDocument(text)
  return doc.errors.length > 0 ? undefined : canonical(doc.toJS())
}

/** The text with one value replaced or one key added; undefined where that is not a matter of lines. */
const inPlace = (text: string, doc: Document.Parsed, path: readonly string[], value: unknown): string | undefined => {
  let node: unknown = doc.contents
  for (const [depth, key] of path.entries()) {
    if (!isMap(node) || node.flow) return undefined
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
    const last = node.items.at(-1)
    if (!pair) return last && added(text, column(text, last), offset(last.value, 1), path.slice(depth), value)
    node = pair.value
    // Nothing but comments below the key: its first line comes above them.
    if (isScalar(node) && node.value === null && depth + 1 < path.length)
      return added(text, column(text, pair) + 2, offset(pair.key, 1), path.slice(depth + 1), value)
  }
  if (!isScalar(node) || !node.range || node.range[0] === node.range[1]) return undefined
  const [from, to] = node.range
  return text.slice(0, from) + stringify(value, { lineWidth: 0, collectionStyle: 'flow' }).trimEnd() + text.slice(to)
}

const offset = (node: unknown, end: 0 | 1): number => (node as { range?: number[] } | null)?.range?.[end] ?? Number.NaN
const column = (text: string, pair: { key: unknown }): number => {
  const begin = offset(pair.key, 0)
  return begin - (text.lastIndexOf('\n', begin - 1) + 1)
}

/** New lines below the one in which `end` is, or the last one before it with something in it. */
const added = (text: string, indent: number, end: number, path: readonly string[], value: unknown): string | undefined => {
  if (Number.isNaN(end) || Number.isNaN(indent)) return undefined
  const line = text.indexOf('\n', text.slice(0, end).trimEnd().length)
  const at = line < 0 ? text.length : line
  const nested = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)
  const lines = stringify(nested, { lineWidth: 0 }).trimEnd().split('\n')
  return text.slice(0, at) + lines.map((l) => `\n${' '.repeat(indent)}${l}`).join('') + (line < 0 ? '\n' : text.slice(at))
}
