/** A failure of the sandbox that a person can act on: what happened, why, and what to do next. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError'
  readonly what: string
  readonly why: string
  readonly next: string

  constructor(what: string, why: string, next: string) {
    super(`${what}: ${why}`)
    this.what = what
    this.why = why
    this.next = next
  }
}
