import { type Document, isScalar, isSeq, parseDocument, stringify, type YAMLSeq } from 'yaml'
import { canonical } from '../core/json.ts'
import { setKeys } from './edit.ts'

type Path = readonly string[]

/** Adds a word to the end of a list in the text of a YAML file: only that line changes, remarks on the others stay with them. */
export const addToList = (text: string, path: Path, word: string): string => {
  const { doc, list } = listAt(text, path)
  const now = list ? words(list) : []
  const wanted = [...now, word]
  return verified(list && appended(text, list, word), doc, path, wanted) ?? setKeys(text, [[path, wanted]])
}

/** Takes a word out of a list, and its line with it. */
export const removeFromList = (text: string, path: Path, word: string): string => {
  const { doc, list } = listAt(text, path)
  if (!list) return text
  const wanted = words(list).filter((w) => w !== word)
  if (wanted.length === words(list).length) return text
  return verified(cut(text, list, word), doc, path, wanted) ?? setKeys(text, [[path, wanted]])
}

const listAt = (text: string, path: Path): { doc: Document.Parsed; list: YAMLSeq | undefined } => {
  const doc = parseDocument(text)
  const node: unknown = doc.getIn(path, true)
  return { doc, list: isSeq(node) && node.range ? node : undefined }
}

const words = (list: YAMLSeq): string[] => list.items.map((item) => String(isScalar(item) ? item.value : item))

/** The edited text, if it says what it should; undefined otherwise. */
const verified = (text: string | undefined, doc: Document.Parsed, path: Path, wanted: readonly string[]): string | undefined => {
  if (text === undefined) return undefined
  const edited = parseDocument(text)
  doc.setIn(path, doc.createNode(wanted))
  return edited.errors.length === 0 && canonical(edited.toJS()) === canonical(doc.toJS()) ? text : undefined
}

const rangeOf = (node: unknown): readonly [from: number, to: number] | undefined => {
  const range = (node as { range?: readonly number[] | null } | undefined)?.range
  return range?.[0] === undefined || range[1] === undefined ? undefined : [range[0], range[1]]
}

const appended = (text: string, list: YAMLSeq, word: string): string | undefined => {
  const [from, to] = rangeOf(list) ?? []
  if (from === undefined || to === undefined) return undefined
  const last = rangeOf(list.items.at(-1))
  const written = stringify(word).trimEnd()
  if (list.flow) {
    const at = last?.[1] ?? from + 1
    return `${text.slice(0, at)}${last ? ', ' : ''}${written}${text.slice(at)}`
  }
  if (!last) return undefined
  const begin = text.lastIndexOf('\n', last[0]) + 1
  const dash = /^\s*-\s+/.exec(text.slice(begin, last[0]))?.[0]
  if (dash === undefined) return undefined
  // Behind a remark on the same line.
  const end = text.indexOf('\n', last[1])
  const at = end < 0 ? text.length : end
  return `${text.slice(0, at)}\n${dash}${written}${end < 0 ? '\n' : text.slice(at)}`
}

const cut = (text: string, list: YAMLSeq, word: string): string | undefined => {
  const i = words(list).indexOf(word)
  const item = rangeOf(list.items[i])
  if (!item) return undefined
  if (list.flow) {
    const before = rangeOf(list.items[i - 1])
    const after = rangeOf(list.items[i + 1])
    if (before) return text.slice(0, before[1]) + text.slice(item[1])
    return text.slice(0, item[0]) + text.slice(after ? after[0] : item[1])
  }
  const begin = text.lastIndexOf('\n', item[0]) + 1
  const end = text.indexOf('\n', item[1])
  if (list.items.length === 1) {
    // An empty list has to be written as one, behind its key.
    const key = /^.*:(?=[^:]*$)/s.exec(text.slice(0, begin))?.[0]
    return key === undefined ? undefined : `${key} []${end < 0 ? '\n' : text.slice(end)}`
  }
  return text.slice(0, begin) + (end < 0 ? '' : text.slice(end + 1))
}
