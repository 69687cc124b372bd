/** What psql keeps of the statement that it is reading, to know where it ends and whether data follow. */
export class Statement {
  begun = false
  #letters = ''
  #words = 0
  #paren = 0
  #body = 0
  #creates = false
  #copy: 'no' | 'table' | 'from' | 'stdin' = 'no'

  /** A semicolon ends it here: it is in no parentheses, and in no body of a function in standard SQL (BEGIN ATOMIC ... END). */
  get ends(): boolean {
    return this.#paren === 0 && this.#body === 0
  }

  /** It is COPY ... FROM STDIN: the next line is data. */
  get readsData(): boolean {
    return this.#copy === 'stdin'
  }

  /** More words of it change nothing here: neither COPY nor CREATE. For speed. */
  get isPlain(): boolean {
    return this.#words > 0 && this.#copy === 'no' && this.#letters[0] !== 'C'
  }

  open(): void {
    this.#paren++
  }

  close(): void {
    this.#paren = Math.max(0, this.#paren - 1)
  }

  /** @param word in capitals */
  word(word: string): void {
    this.#bodyBy(word)
    if (!this.begun && word === 'COPY') this.#copy = 'table'
    else if (this.#copy === 'from') this.#copy = word === 'STDIN' && this.#paren === 0 ? 'stdin' : 'no'
    else if (this.#copy === 'table' && this.#paren === 0 && /^(FROM|TO)$/.test(word)) this.#copy = word === 'FROM' ? 'from' : 'no'
    this.begun = true
  }

  /** A word has come that may begin a body of a function: which words psql counts differs between its versions. */
  mayHaveBody(word: string): boolean {
    this.#creates ||= word === 'CREATE'
    return this.#creates && word === 'BEGIN'
  }

  /** By the first letters of the first words: CREATE [OR REPLACE] FUNCTION or PROCEDURE. */
  #bodyBy(word: string): void {
    if (this.#words++ < 4) this.#letters += /^(CREATE|FUNCTION|PROCEDURE|OR|REPLACE)$/.test(word) ? word[0] : '.'
    if (!/^C(OR)?[FP]/.test(this.#letters) || this.#paren > 0) return
    if (word === 'BEGIN' || (word === 'CASE' && this.#body > 0)) this.#body++
    else if (word === 'END' && this.#body > 0) this.#body--
  }
}

/** Words that a statement about transactions begins with. */
export const TRANSACTION = /^(BEGIN|START|COMMIT|END|ROLLBACK|ABORT|PREPARE)$/

/**
 * What becomes of a statement that begins with one of them.
 * @param said the words with which it begins, @param next the character after them; undefined: the dump ends there
 * @returns `cut`: the transaction around the dump stands for it; `other`: it is about something else; `refused`: it would end that one
 */
export const transactionOf = (said: string, next: string | undefined): 'cut' | 'other' | 'refused' => {
  const words = said.trim().toUpperCase().replace(/\s+/g, ' ')
  if (/^ROLLBACK (WORK |TRANSACTION )?TO\b/.test(words)) return 'other'
  if (/^PREPARE (?!TRANSACTION\b)/.test(words) || (words === 'PREPARE' && next === '"')) return 'other'
  const ended = next === ';' || next === undefined
  return ended && /^(BEGIN|START TRANSACTION|COMMIT|END)\b(?! PREPARED)/.test(words) ? 'cut' : 'refused'
}
