import { isScalar, parseDocument } from 'yaml'
import { setKeys } from '../../config/edit.ts'
import { refuse } from '../../core/errors.ts'

/** One `--set key=value`. */
export interface Setting {
  readonly path: string[]
  readonly value: unknown
}

/** `vpc.nat=single`: the value is read as YAML, so numbers, true, [lists] and {maps} are what they look like. */
export const parseSet = (text: string): Setting => {
  const at = text.indexOf('=')
  const example = 'For example --set vpc.nat=single'
  if (at < 1) throw refuse(`--set ${text} is not key=value`, undefined, example)
  const key = text.slice(0, at).trim()
  const doc = parseDocument(text.slice(at + 1))
  // Not the value: it may be one that belongs on no screen.
  if (doc.errors.length > 0) throw refuse(`--set ${key}: the value is not valid YAML`, undefined, example)
  const written = isScalar(doc.contents) ? doc.contents.source : undefined
  // 16.10 is a version here, not the number 16.1.
  const value: unknown = key.endsWith('rds.version') && written !== undefined ? written : doc.toJS()
  return { path: key.split('.'), value }
}

export const withSets = (text: string, sets: readonly Setting[]): string =>
  setKeys(
    text,
    sets.map(({ path, value }) => [path, value]),
  )
