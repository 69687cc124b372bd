import { count } from '../../ui/format.ts'

export interface Answer {
  readonly columns: readonly { readonly name: string; readonly number: boolean }[]
  readonly rows: readonly (readonly (string | null)[])[]
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: data may hold what would move the cursor about
const CONTROL = /[\x00-\x1f\x7f-\x9f]/g
const shown = (value: string | null): string =>
  value === null
    ? ''
    : value.replace(CONTROL, (c) => (c === '\n' ? '↵' : c === '\t' ? ' ' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`))

/** Rows as psql prints them: a head, a line, numbers to the right, and how many they are. */
export const table = ({ columns, rows }: Answer): string => {
  const cells = rows.map((row) => row.map(shown))
  const widths = columns.map((c, i) => Math.max(c.name.length, ...cells.map((row) => row[i]?.length ?? 0)))
  const width = (i: number): number => widths[i] ?? 0
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => ` ${columns[i]?.number ? cell.padStart(width(i)) : cell.padEnd(width(i))} `)
      .join('|')
      .trimEnd()
  const head = columns.map((c, i) => {
    const left = Math.floor((width(i) - c.name.length) / 2)
    return ` ${(' '.repeat(left) + c.name).padEnd(width(i))} `
  })
  const lines = [head.join('|').trimEnd(), widths.map((w) => '-'.repeat(w + 2)).join('+'), ...cells.map(line)]
  return `${lines.join('\n')}\n(${count(rows.length, 'row')})`
}
