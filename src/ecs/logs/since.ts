import { refuse } from '../../core/errors.ts'

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const SPAN = /^(\d{1,6}(?:\.\d{1,3})?)([smhdw])$/
const TIME = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/

/**
 * What `--since` names: a span back from now (30s, 10m, 2h, 1d, 1w), or a time, which is one of this machine where it names no zone.
 * @param now milliseconds since 1970, as the answer
 * @throws InfraError (exit 2)
 */
export const sinceOf = (text: string, now: number): number => {
  const [, n = '', unit = ''] = SPAN.exec(text) ?? []
  if (unit) return Math.max(0, now - Math.round(Number(n) * (UNITS[unit] ?? 0)))
  // A day alone would be taken for one of Greenwich.
  const at = TIME.test(text) ? Date.parse(text.length === 10 ? `${text}T00:00` : text.replace(' ', 'T')) : Number.NaN
  const example = 'for example --since 30s, 10m, 2h, 1d or 2026-11-22T10:00:00Z'
  if (Number.isNaN(at))
    throw refuse(`--since ${text} is no time`, 'it is a number with s, m, h, d or w, or a date with time', example)
  if (at > now) throw refuse(`--since ${text} is still to come`, 'a log begins in the past', example)
  return at
}
