import { type Document, isMap, isScalar, type LineCounter, type Node, visit } from 'yaml'

/** More than any config of a stack has in one place. The rules take each with each, so a file with many more takes minutes. */
const MOST_KEYS = 3000

/**
 * What is wrong with the keys of a document, in one walk: the parser's own look for keys that stand twice compares each with each.
 * @returns undefined: nothing
 */
export const wrongKey = (doc: Document.Parsed, lines: LineCounter): string | undefined => {
  let wrong: string | undefined
  const at = (node: unknown): string => {
    const { line, col } = lines.linePos((node as Node | null)?.range?.[0] ?? 0)
    return `at line ${line}, column ${col}`
  }
  visit(doc, {
    Map(_, map) {
      if (map.items.length > MOST_KEYS)
        wrong = `${map.items.length.toLocaleString('en-US')} keys in one place, at most ${MOST_KEYS.toLocaleString('en-US')}, ${at(map)}`
      const seen = new Set<unknown>()
      for (const { key } of isMap(map) ? map.items : []) {
        const name = isScalar(key) ? key.value : key
        // JavaScript would take it for something else, and the key would be gone without a word.
        if (name === '__proto__') wrong ??= `__proto__ cannot be a key ${at(key)}`
        if (seen.has(name)) wrong ??= `Map keys must be unique ${at(key)}`
        seen.add(name)
      }
      return wrong === undefined ? undefined : visit.BREAK
    },
  })
  return wrong
}
