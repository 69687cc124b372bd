import { cut } from '../core/safe.ts'

export const usd = (value: number): string => `$${value.toFixed(2)}`

/** `+$32.85` or `-$36.50`; nothing for nothing. */
export const change = (value: number): string => (value === 0 ? '' : `${value > 0 ? '+' : '-'}${usd(Math.abs(value))}`)

/** Minutes as a person says them. */
export const about = (minutes: number): string => {
  if (minutes < 1) return 'under a minute'
  const m = Math.round(minutes)
  return m === 1 ? 'about 1 minute' : `about ${m} minutes`
}

/** Milliseconds that have passed: `0.4 s`, `12 s`, `3:05 min`. */
export const elapsed = (ms: number): string => {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`
  const s = Math.round(ms / 1000)
  return s < 60 ? `${s} s` : `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')} min`
}

export const daily = (monthly: number): number => Math.round(((monthly * 12) / 365) * 100) / 100

export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`

export const list = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`

/** An ARN is long and says what the screen says anyway: its last part names the thing. */
export const shortId = (id: string): string => (id.startsWith('arn:') ? (id.split(':').at(-1) ?? id) : id)

const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g')
const width = (text: string): number => text.replace(ESCAPES, '').length

/**
 * A sentence, broken between words where the terminal ends; what follows stands two columns further in. A word that is too long for
 * a line is not broken, so that it can be copied.
 * @param columns of the terminal; undefined: nobody's, it stays one line
 */
export const folded = (text: string, columns: number | undefined, indent: string): string => {
  const lines: string[] = []
  let line = indent
  let empty = true
  // A sign stays with what it is of.
  for (const word of text.split(/(?<!(?:^| )[+-]) /)) {
    if (!empty && columns !== undefined && width(line) + 1 + width(word) > columns) {
      lines.push(line)
      line = `${indent}  ${word}`
    } else line += empty ? word : ` ${word}`
    empty = false
  }
  return [...lines, line].join('\n')
}

/** Columns with two spaces between; `>` in `align` sets a column flush right. Every row stays one line, so grep works. */
export const columns = (given: readonly (readonly string[])[], align = '', indent = '  '): string => {
  // A cell is one line, and one without an end would fill all other rows up to its length.
  const rows = given.map((row) => row.map((cell) => cut(cell.replace(/\s*[\r\n]+\s*/g, ' '))))
  const widths: number[] = []
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, width(cell))
  return rows
    .map((row) => {
      const cells = row.map((cell, i) => {
        const fill = ' '.repeat(Math.max(0, (widths[i] ?? 0) - width(cell)))
        return align[i] === '>' ? fill + cell : cell + fill
      })
      return `${indent}${cells.join('  ').trimEnd()}`
    })
    .join('\n')
}
