import { BadLine, bytesOf, DumpReader, NEWLINE, runEnd, type Step, shown } from './dump.ts'
import { Statement, TRANSACTION, transactionOf } from './dump-statement.ts'

const SPACE = bytesOf(/[ \t\n\r\f\v]/)
const WORD = bytesOf(/[A-Za-z0-9_$\x80-\xff]/)
const WORD_BEGINS = bytesOf(/[A-Za-z_\x80-\xff]/)
const PLAIN = bytesOf(/[^A-Za-z_\x80-\xff \t\n\r\f\v'"\\$\-/;()]/)
/** What belongs to the quote after it. Undecided at the end of a part: it may be the beginning of one. */
const PREFIX = /^([ebxn]('|$)|u(&['"]|&?$))/i
const LONGEST_WORD = 1000
const LONGEST_STATEMENT = 4000

const [QUOTE = 0, DOUBLE, BACKSLASH, DOLLAR, DASH, SLASH, STAR, SEMICOLON, OPEN, CLOSE, RETURN] = Buffer.from(`'"\\$-/*;()\r`)

type Plain = 'text' | 'comment' | 'single' | 'escape' | 'double' | 'after copy' | 'copy' | 'in a copied line'
type Mode = { is: Plain } | { is: 'block'; depth: number } | { is: 'dollar'; tag: Buffer }

const NEWER = 'Install a newer psql, which knows \\restrict: any minor version since August 2025'
const ALONE = 'Take the line out: a dump is loaded as one transaction, all of it or nothing'

/**
 * SQL text as psql reads it (PostgreSQL, src/fe_utils/psqlscan.l): what is quoted, a comment, or data of COPY. Commands of psql are
 * refused, because they can run programs and go to other databases. BEGIN and COMMIT are left out, because the whole dump
 * is one transaction, and what else would end that one is refused.
 */
export class PostgresDump extends DumpReader {
  /** Nothing after us stops commands: what could be read in two ways is refused. */
  readonly #alone: boolean
  #mode: Mode = { is: 'text' }
  #first = true
  #statement = new Statement()
  /** After E'...': a quote that comes after a line break goes on with it. */
  #again: 'no' | 'on another line' | 'yes' = 'no'

  constructor(alone: boolean) {
    super()
    this.#alone = alone
  }

  override get isWhole(): boolean {
    return !this.#statement.begun && (this.#mode.is === 'text' || this.#mode.is === 'comment')
  }

  override pass(part: Buffer): Buffer[] {
    const zero = part.indexOf(0)
    if (zero < 0) return super.pass(part)
    super.pass(part.subarray(0, zero))
    throw new BadLine(this.line, 'holds a zero byte', 'Look at the file: this is not SQL text that PostgreSQL can read')
  }

  protected step(b: Buffer, i: number, last: boolean): Step {
    if (this.#first) {
      if (b.length < 3 && !last) return undefined
      this.#first = false
      if (b.indexOf('\ufeff') === 0) return { to: 3, cut: true }
    }
    const mode = this.#mode
    if (mode.is === 'text') return this.#text(b, i, last)
    if (mode.is === 'block') return this.#block(b, i, last, mode.depth)
    if (mode.is === 'dollar') return this.#until(b, b.indexOf(mode.tag, i), mode.tag.length, last)
    if (mode.is === 'double') return this.#until(b, b.indexOf(DOUBLE ?? 0, i), 1, last)
    if (mode.is === 'single') return this.#single(b, i, last)
    if (mode.is === 'escape') return this.#escape(b, i, last)
    if (mode.is === 'comment') {
      let j = i
      while (j < b.length && b[j] !== NEWLINE && b[j] !== RETURN) j++
      if (j < b.length) this.#mode = { is: 'text' }
      return j > i ? { to: j } : this.#text(b, i, last)
    }
    return this.#data(b, i, last, mode.is)
  }

  #go(to: number, is: Plain = 'text'): Step {
    this.#mode = { is }
    return { to }
  }

  /** To what ends the mode, which may be cut in two by the end of the part. */
  #until(b: Buffer, found: number, length: number, last: boolean): Step {
    return found >= 0 ? this.#go(found + length) : { to: last ? b.length : b.length - length + 1 }
  }

  #block(b: Buffer, i: number, last: boolean, depth: number): Step {
    for (let j = i; j + 1 < b.length; j++) {
      const opens = b[j] === SLASH && b[j + 1] === STAR
      if (!opens && !(b[j] === STAR && b[j + 1] === SLASH)) continue
      const left = depth + (opens ? 1 : -1)
      this.#mode = left > 0 ? { is: 'block', depth: left } : { is: 'text' }
      return { to: j + 2 }
    }
    return { to: last ? b.length : b.length - 1 }
  }

  #single(b: Buffer, i: number, last: boolean): Step {
    const j = b.indexOf(QUOTE, i)
    if (this.#alone && j > i && b[j - 1] === BACKSLASH) this.refuse(b, j, 'has a text that ends with a backslash', NEWER)
    return this.#until(b, j, 2, last) && (j >= 0 ? this.#go(j + 1) : { to: last ? b.length : b.length - 1 })
  }

  #escape(b: Buffer, i: number, last: boolean): Step {
    for (let j = i; j < b.length; j++) {
      if (b[j] === QUOTE) {
        this.#again = 'on another line'
        return this.#go(j + 1)
      }
      if (b[j] === BACKSLASH && j + 1 === b.length) return { to: last ? b.length : j }
      if (b[j] === BACKSLASH) j++
    }
    return { to: b.length }
  }

  /** Lines of COPY, up to the one that is `\.` */
  #data(b: Buffer, i: number, last: boolean, is: Plain): Step {
    const end = b.indexOf(NEWLINE, i)
    if (end < 0 && !last && b.length - i < LONGEST_WORD) return undefined
    if (is === 'after copy') {
      // psql takes the next line for data, and what stands here for SQL after them.
      const line = b.subarray(i, end < 0 ? b.length : end)
      if (line.toString('latin1').trim() !== '')
        this.refuse(b, i, `goes on after a COPY: ${shown(line)}`, 'Put it on a line of its own, after the data')
      return end < 0 ? { to: b.length } : this.#go(end + 1, 'copy')
    }
    if (end < 0) return this.#go(b.length, 'in a copied line')
    const over = is === 'copy' && b[i] === BACKSLASH && /^\\\.\r?$/.test(b.toString('latin1', i, Math.min(end, i + 4)))
    if (over) this.#statement = new Statement()
    return this.#go(end + 1, over ? 'text' : 'copy')
  }

  #text(b: Buffer, i: number, last: boolean): Step {
    const c = b[i] as number
    const next = b[i + 1]
    if (SPACE[c]) {
      const to = runEnd(b, i, SPACE)
      if (this.#again === 'on another line' && /[\r\n]/.test(b.toString('latin1', i, to))) this.#again = 'yes'
      return { to }
    }
    if ((c === DASH || c === SLASH || c === DOLLAR) && next === undefined && !last) return undefined
    if (c === DASH && next === DASH) return this.#go(i + 2, 'comment')
    const again = this.#again === 'yes'
    this.#again = 'no'
    if (c === SLASH && next === STAR) {
      this.#mode = { is: 'block', depth: 1 }
      return { to: i + 2 }
    }
    if (c === BACKSLASH) return this.#command(b, i, last)
    if (WORD_BEGINS[c]) return this.#word(b, i, last)
    if (c === SEMICOLON) return this.#semicolon(i)
    this.#statement.begun = true
    if (c === QUOTE) return this.#go(i + 1, again ? 'escape' : 'single')
    if (c === DOUBLE) return this.#go(i + 1, 'double')
    if (c === DOLLAR) return this.#dollar(b, i, last)
    if (c === OPEN) this.#statement.open()
    else if (c === CLOSE) this.#statement.close()
    return { to: Math.max(i + 1, runEnd(b, i, PLAIN)) }
  }

  #semicolon(i: number): Step {
    if (!this.#statement.ends) return { to: i + 1 }
    const data = this.#statement.readsData
    this.#statement = new Statement()
    return this.#go(i + 1, data ? 'after copy' : 'text')
  }

  #dollar(b: Buffer, i: number, last: boolean): Step {
    let j = i + 1
    if (WORD_BEGINS[b[j] ?? 0]) while (j < b.length && b[j] !== DOLLAR && WORD[b[j] as number]) j++
    if (j === b.length && !last && j - i < LONGEST_WORD) return undefined
    if (b[j] !== DOLLAR) return { to: i + 1 }
    this.#mode = { is: 'dollar', tag: Buffer.from(b.subarray(i, j + 1)) }
    return { to: j + 1 }
  }

  #word(b: Buffer, i: number, last: boolean): Step {
    const to = runEnd(b, i, WORD)
    if (to === b.length && !last && to - i < LONGEST_WORD) return undefined
    const before = to - i === 1 ? PREFIX.exec(b.toString('latin1', i, to + 2))?.[0] : undefined
    if (before !== undefined) {
      if (to + 1 >= b.length && !last) return undefined
      this.#statement.begun = true
      return /^e/i.test(before) ? this.#go(to + 1, 'escape') : { to }
    }
    if (this.#statement.isPlain && !this.#alone) return { to }
    const word = b.toString('latin1', i, Math.min(to, i + 20)).toUpperCase()
    if (!this.#statement.begun && TRANSACTION.test(word)) {
      const step = this.#transaction(b, i, last)
      if (step !== 'other') return step
    }
    if (this.#alone && this.#statement.mayHaveBody(word)) this.refuse(b, i, 'has a function with a body in standard SQL', NEWER)
    this.#statement.word(word)
    return { to }
  }

  #transaction(b: Buffer, i: number, last: boolean): Step | 'other' {
    const text = b.toString('latin1', i, Math.min(b.length, i + LONGEST_STATEMENT))
    const [said = ''] = /^[\w\s,]*/.exec(text) ?? []
    if (said.length === text.length && !last && said.length < LONGEST_STATEMENT) return undefined
    const what = transactionOf(said, text[said.length])
    if (what === 'refused') this.refuse(b, i, `ends the transaction: ${shown(Buffer.from(said.trim()))}`, ALONE)
    return what === 'other' ? 'other' : { to: i + said.length + 1, cut: true }
  }

  /** psql's own dumps begin and end with \restrict and \unrestrict, which psql has from us already. */
  #command(b: Buffer, i: number, last: boolean): Step {
    const end = b.indexOf(NEWLINE, i)
    if (end < 0 && !last && b.length - i < LONGEST_WORD) return undefined
    const line = b.subarray(i, end < 0 ? b.length : end)
    if (!this.#statement.begun && /^\\(un)?restrict [A-Za-z0-9]+\s*$/.test(line.toString('latin1')))
      return { to: i + line.length, cut: true }
    const next = /^\\c(onnect)?\b/.test(line.toString('latin1'))
      ? 'Make the dump without --create, and not with pg_dumpall: it is loaded into the database that you name'
      : 'Take the line out: commands of psql can run programs on this machine, and a dump needs none'
    return this.refuse(b, i, `has a command of psql: ${shown(line)}`, next)
  }
}
