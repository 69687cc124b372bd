import { bytesOf, DumpReader, NEWLINE, runEnd, type Step, shown } from './dump.ts'

const SPACE = bytesOf(/[ \t\n\r\f\v]/)
const WORD = bytesOf(/[A-Za-z0-9_$\x80-\xff]/)
const LONGEST = 1000

const [QUOTE = 0, DOUBLE = 0, BACKTICK = 0, BACKSLASH, DASH, SLASH, STAR, HASH] = Buffer.from('\'"`\\-/*#')

/**
 * SQL text as MySQL's client reads it. The client is started so that it knows no commands but DELIMITER (--binary-mode); what is
 * left to refuse is USE, which would put the rest of the dump into a database that nobody has named.
 */
export class MysqlDump extends DumpReader {
  readonly #database: string
  #mode: 'text' | 'comment' | 'block' | number = 'text'
  #delimiter = ';'
  #begun = false
  /** In a comment that the server carries out. */
  #inside = false

  constructor(database: string) {
    super()
    this.#database = database
  }

  protected step(b: Buffer, i: number, last: boolean): Step {
    if (this.#mode === 'comment') {
      const end = b.indexOf(NEWLINE, i)
      return end < 0 ? { to: b.length } : this.#text(end + 1)
    }
    if (this.#mode === 'block') {
      const end = b.indexOf('*/', i, 'latin1')
      return end < 0 ? { to: last ? b.length : b.length - 1 } : this.#text(end + 2)
    }
    return this.#mode === 'text' ? this.#statement(b, i, last) : this.#quoted(b, i, last, this.#mode)
  }

  #text(to: number): Step {
    this.#mode = 'text'
    return { to }
  }

  #quoted(b: Buffer, i: number, last: boolean, quote: number): Step {
    for (let j = i; j < b.length; j++) {
      if (b[j] === quote) return this.#text(j + 1)
      if (b[j] !== BACKSLASH || quote === BACKTICK) continue
      if (j + 1 === b.length) return { to: last ? b.length : j }
      j++
    }
    return { to: b.length }
  }

  #statement(b: Buffer, i: number, last: boolean): Step {
    const c = b[i] as number
    if (SPACE[c]) return { to: runEnd(b, i, SPACE) }
    if (b.length - i < 20 && !last) return undefined
    const head = b.toString('latin1', i, i + 20)
    if (head.startsWith(this.#delimiter)) {
      this.#begun = false
      return { to: i + this.#delimiter.length }
    }
    if (c === HASH || (c === DASH && /^--(\s|$)/.test(head))) {
      this.#mode = 'comment'
      return { to: i + 1 }
    }
    const executable = /^\/\*M?!\d*/.exec(head)?.[0]
    if (executable) {
      this.#inside = true
      return { to: i + executable.length }
    }
    if (this.#inside && c === STAR && head[1] === '/') {
      this.#inside = false
      return { to: i + 2 }
    }
    if (c === SLASH && b[i + 1] === STAR) {
      this.#mode = 'block'
      return { to: i + 2 }
    }
    if (!this.#begun && /^(use|delimiter)\b/i.test(head)) return this.#client(b, i, last)
    this.#begun = true
    if (c === QUOTE || c === DOUBLE || c === BACKTICK) {
      this.#mode = c
      return { to: i + 1 }
    }
    return { to: Math.max(i + 1, runEnd(b, i, WORD)) }
  }

  /** What the client and not the server understands: both take the rest of the line. */
  #client(b: Buffer, i: number, last: boolean): Step {
    const end = b.indexOf(NEWLINE, i)
    if (end < 0 && !last && b.length - i < LONGEST) return undefined
    const line = b.toString('utf8', i, end < 0 ? b.length : end)
    const delimiter = /^delimiter\s+(\S{1,15})/i.exec(line)?.[1]
    if (delimiter) {
      this.#delimiter = delimiter
      return { to: end < 0 ? b.length : end }
    }
    const name = /^use\s+(?:`((?:[^`]|``)*)`|([^\s;`]+))/i.exec(line)
    if ((name?.[1]?.replaceAll('``', '`') ?? name?.[2]) === this.#database) {
      this.#begun = true
      return { to: i + 3 }
    }
    return this.refuse(
      b,
      i,
      `goes to another database: ${shown(b.subarray(i))}`,
      'Make the dump of one database, without --databases: it is loaded into the database that you name',
    )
  }
}
