import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** Every Markdown file that a reader of the project meets, as paths from the root. */
export const pages = (): string[] => [
  'README.md',
  'state/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .sort(),
]

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm

/** The text of all fenced blocks. */
export const fences = (text: string): { language: string; body: string }[] =>
  [...text.matchAll(FENCE)].map((m) => ({ language: m[1] ?? '', body: m[2] ?? '' }))

/** The text between back ticks, outside of fenced blocks. */
export const spans = (text: string): string[] => [...text.replaceAll(FENCE, '').matchAll(/`([^`\n]+)`/g)].map((m) => m[1] ?? '')

/** What GitHub makes of a heading as the target of a link. */
export const anchor = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

/** A Markdown table; `|` inside a cell is escaped. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((r) => `| ${r.map((c) => c.replaceAll('|', '\\|')).join(' | ')} |`).join('\n')

/**
 * A block that is made from the code: between `<!-- generated: name -->` and `<!-- end: name -->`.
 * With UPDATE_DOCS=1 the file is rewritten first.
 * @returns the block as it stands in the file
 */
export const generated = (path: string, name: string, wanted: string): string => {
  const block = new RegExp(`(<!-- generated: ${name} -->\\n)([\\s\\S]*?\\n)?(<!-- end: ${name} -->)`)
  if (process.env.UPDATE_DOCS === '1')
    writeFileSync(
      join(root, path),
      read(path).replace(block, (_, begin: string, __, end: string) => `${begin}${wanted}\n${end}`),
    )
  const found = block.exec(read(path))
  if (!found) throw new Error(`${path} has no block "${name}"`)
  return (found[2] ?? '').replace(/\n$/, '')
}
