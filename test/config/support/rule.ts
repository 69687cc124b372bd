/** One rule of the config, with values on both sides of its border. */
export interface Rule {
  readonly rule: string
  readonly key: string
  /** Values that AWS and infra take, the borders first. */
  readonly good: readonly unknown[]
  /** Values that are refused. */
  readonly bad: readonly unknown[]
  /** What the sentence says of it. */
  readonly says: string
  readonly example: string
  /** Other keys that the case needs. */
  readonly with?: Record<string, unknown>
}

export const long = (n: number): string => 'a'.repeat(n)
