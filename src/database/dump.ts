/** A line of a dump that is not loaded. */
export class BadLine extends Error {
  readonly line: number
  readonly what: string
  /** What one can do about it. */
  readonly next: string
  constructor(line: number, what: string, next: string) {
    super(`line ${line} ${what}`)
    this.line = line
    this.what = what
    this.next = next
  }
}

export const NEWLINE = 10
const FEW = 60

/** Text of a dump for a person: one line, not too long. */
export const shown = (bytes: Buffer): string => {
  const line =
    bytes
      .subarray(0, 4 * FEW)
      .toString('utf8')
      .split(/[\r\n]/)[0]
      ?.trim() ?? ''
  return line.length > FEW ? `${line.slice(0, FEW)}...` : line
}

/** How far a step came; `cut`: what it went over is left out; undefined, or not further: it cannot tell before there are more bytes. */
export type Step = { readonly to: number; readonly cut?: boolean } | undefined

/**
 * Reads a dump as the database's client will read it, part by part, and lets through what may be sent. Memory: one part, and
 * what of a token hangs over its end.
 */
export abstract class DumpReader {
  #held: Buffer = Buffer.alloc(0)
  #line = 1

  /** @param i where to read on, @param last no byte comes after these */
  protected abstract step(b: Buffer, i: number, last: boolean): Step

  /** @throws BadLine */
  pass(part: Buffer): Buffer[] {
    return this.#read(this.#held.length > 0 ? Buffer.concat([this.#held, part]) : part, false)
  }

  /** What is left when the dump has ended. @throws BadLine */
  end(): Buffer[] {
    return this.#read(this.#held, true)
  }

  /** Whether nothing is open: no statement, no quote, no data. */
  get isWhole(): boolean {
    return true
  }

  /** The line of what comes next. */
  protected get line(): number {
    return this.#line + newlines(this.#held, 0, this.#held.length)
  }

  protected refuse(b: Buffer, at: number, what: string, next: string): never {
    throw new BadLine(this.#line + newlines(b, 0, at), what, next)
  }

  #read(b: Buffer, last: boolean): Buffer[] {
    const out: Buffer[] = []
    let from = 0
    let i = 0
    while (i < b.length) {
      const step = this.step(b, i, last)
      if (!step || step.to <= i) break
      if (step.cut) {
        // Its lines stay, so that the client counts as the dump's author does.
        out.push(b.subarray(from, i), Buffer.from('\n'.repeat(newlines(b, i, step.to))))
        from = step.to
      }
      i = step.to
    }
    if (last && i < b.length) throw new Error('the dump could not be read to its end')
    out.push(b.subarray(from, i))
    this.#line += newlines(b, 0, i)
    this.#held = b.subarray(i)
    return out.filter((part) => part.length > 0)
  }
}

const newlines = (b: Buffer, from: number, to: number): number => {
  let n = 0
  for (let i = b.indexOf(NEWLINE, from); i >= 0 && i < to; i = b.indexOf(NEWLINE, i + 1)) n++
  return n
}

/** The end of the run of bytes that the table allows. */
export const runEnd = (b: Buffer, i: number, allowed: Uint8Array): number => {
  let j = i
  while (j < b.length && allowed[b[j] as number]) j++
  return j
}

/** A table of bytes for {@link runEnd}, from the characters of a pattern's class. */
export const bytesOf = (pattern: RegExp): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, byte) => (pattern.test(String.fromCharCode(byte)) ? 1 : 0))
