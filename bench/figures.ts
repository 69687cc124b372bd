export interface Row {
  readonly name: string
  readonly measured: string
  /** In words; undefined: shown for information. */
  readonly limit?: string
  readonly ok?: boolean
}

export const min = (values: readonly number[]): number => Math.min(...values)

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle - 0.5)] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
}

export const ms = (value: number): string => `${value.toFixed(0)} ms`
export const s = (value: number): string => `${(value / 1000).toFixed(2)} s`

/** `0.91 s (median 1.02 s of 5)`: the minimum is what the machine can do, the distance to the median is what else it did. */
export const times = (values: readonly number[], unit: (value: number) => string): string =>
  `${unit(min(values))} (median ${unit(median(values))} of ${values.length})`

export const print = (rows: readonly Row[]): void => {
  const table = [['', 'measured', 'limit', ''], ...rows.map((r) => [r.name, r.measured, r.limit ?? '', verdict(r)])]
  const widths = [0, 1, 2].map((i) => Math.max(...table.map((cells) => (cells[i] ?? '').length)))
  for (const cells of table)
    console.log(
      cells
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
}

const verdict = (row: Row): string => (row.ok === undefined ? '' : row.ok ? 'pass' : 'FAIL')
