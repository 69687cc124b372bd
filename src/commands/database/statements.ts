export interface Split {
  /** Whole statements, without their semicolons. */
  readonly statements: readonly string[]
  /** What was begun and not ended. */
  readonly rest: string
}

/** What a semicolon does not end: quotes, dollar quotes and comments, each with its end; or the semicolon itself. */
const NEXT = /'|"|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|--|\/\*|;/g

/** Cuts SQL at its semicolons, as psql does. */
export const splitStatements = (text: string): Split => {
  const statements: string[] = []
  let begin = 0
  let at = 0
  for (;;) {
    NEXT.lastIndex = at
    const found = NEXT.exec(text)
    if (!found) return { statements, rest: text.slice(begin) }
    if (found[0] === ';') {
      const statement = text.slice(begin, found.index).trim()
      if (statement !== '') statements.push(statement)
      begin = at = found.index + 1
      continue
    }
    const end = endOf(text, found[0], found.index)
    if (end < 0) return { statements, rest: text.slice(begin) }
    at = end
  }
}

/** Where what has begun ends; -1 when it does not. */
const endOf = (text: string, mark: string, from: number): number => {
  const after = from + mark.length
  if (mark === '--') return lineEnd(text, after)
  if (mark === '/*') return commentEnd(text, after)
  if (mark.startsWith('$')) {
    // A parameter or a name may hold a dollar: that begins no quote.
    if (/[\w$\u0080-\uffff]/.test(text[from - 1] ?? '')) return after
    const end = text.indexOf(mark, after)
    return end < 0 ? -1 : end + mark.length
  }
  // In E'...' a backslash takes the quote's meaning. Two quotes stand for one, which begins the next text at once.
  const escapes = mark === "'" && /(^|[^\w$])e$/i.test(text.slice(Math.max(0, from - 2), from))
  for (let i = after; i < text.length; i++) {
    if (escapes && text[i] === '\\') i++
    else if (text[i] === mark) return i + 1
  }
  return -1
}

const lineEnd = (text: string, from: number): number => {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end + 1
}

/** They nest. */
const commentEnd = (text: string, from: number): number => {
  let depth = 1
  const marks = /\/\*|\*\//g
  marks.lastIndex = from
  for (let m = marks.exec(text); m; m = marks.exec(text)) {
    depth += m[0] === '/*' ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  return -1
}
