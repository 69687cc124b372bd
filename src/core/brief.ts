import type { Json } from './json.ts'

/** Characters that a text may take where it is told in a sentence; a name or an ARN, which says nothing when it is cut, may take more. */
const LONGEST = 80
const LONGEST_DATA = 200
/** Characters that stay before the first difference of two long texts. */
const BEFORE = 16

/** A value as a person reads it: `a, b` for a list, `{port: 80}` for an object; the beginning of what is long. */
export const brief = (value: Json | undefined): string => {
  const text = Array.isArray(value) ? value.map(inner).join(', ') || 'none' : inner(value ?? 'none')
  const longest = longestOf(value)
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text
}

const longestOf = (value: Json | undefined): number => (typeof value === 'string' && value.includes(' ') ? LONGEST : LONGEST_DATA)

const inner = (value: Json | undefined): string => {
  if (Array.isArray(value)) return `[${value.map(inner).join(', ')}]`
  if (typeof value === 'string') return value
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value).flatMap(([k, v]) => (v === undefined ? [] : [`${k}: ${inner(v)}`]))
  return `{${entries.join(', ')}}`
}

/** Two values; of two long texts only the part that differs. */
export const pair = (is: Json | undefined, want: Json | undefined): readonly [string, string] => {
  if (typeof is !== 'string' || typeof want !== 'string' || [is, want].every((text) => text.length <= longestOf(text)))
    return [brief(is), brief(want)]
  let same = 0
  while (same < is.length && is[same] === want[same]) same++
  const from = Math.max(0, same - BEFORE)
  return [excerpt(is, from), excerpt(want, from)]
}

const excerpt = (text: string, from: number): string => {
  const part = text.slice(from, from + LONGEST / 2)
  return `${from > 0 ? '…' : ''}${part}${from + part.length < text.length ? '…' : ''}`
}
