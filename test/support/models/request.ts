import type { Shape } from './model.ts'

/** A request as it is sent. */
export interface Wire {
  readonly method: string
  /** Path and query. */
  readonly path: string
  /** By names in small letters. */
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>
  readonly body: Buffer
}

export const header = ({ headers }: Pick<Wire, 'headers'>, name: string): string => String(headers[name] ?? '')

/** Text of the wire as the type that the shape has; what does not look like it stays text, and fails the check. */
export const typed = (shape: Shape, value: unknown): unknown => {
  if (typeof value !== 'string') return value
  if (/^(integer|long|short|byte|float|double)$/.test(shape.type))
    return value.trim() === '' || Number.isNaN(Number(value)) ? value : Number(value)
  if (shape.type === 'boolean') return value === 'true' ? true : value === 'false' ? false : value
  if (shape.type === 'blob') return Buffer.from(value, 'base64')
  return value
}
