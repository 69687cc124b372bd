/** Where a dump goes. Nothing is there under its name before all of it is. */
export interface Sink {
  /** For a person, and for the command that reads it again. */
  readonly place: string
  write(part: Buffer): Promise<void>
  /** All is written. */
  commit(): Promise<void>
  /** Takes away what was written. Never fails: something else has failed already. */
  discard(): Promise<void>
}

export interface InBucket {
  readonly bucket: string
  readonly key: string
}
