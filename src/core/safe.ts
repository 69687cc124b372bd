const ESC = '\\u001b'
/** A title of the window and other texts for the terminal itself, up to their end. */
const TEXT = `(?:${ESC}[\\]PX^_]|[\\u0090\\u0098\\u009d-\\u009f])[^]*?(?:\\u0007|${ESC}\\\\|\\u009c|$)`
/** Movements, erasures, modes; with m at the end, a colour. */
const SEQUENCE = `(?:${ESC}\\[|\\u009b)([0-?]*)[ -/]*([@-~])`
const OTHER = `${ESC}[ -/]*[0-~]?`
/** Tabs stay. */
const CONTROL = '[\\u0000-\\u0008\\u000a-\\u001f\\u007f-\\u009f]'
/** They turn the direction of what follows, or break lines where nobody sees why. */
const TURNS = '[\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]'
const UNSAFE = new RegExp(`${TEXT}|${SEQUENCE}|${OTHER}|${CONTROL}|${TURNS}`, 'g')
/** The colours that infra itself uses; what hides text, or blinks, is not among them. */
const OURS = /^(?:[0-4]|7|2[2-7]|3[0-79]|4[0-79]|9[0-7])$/
/** Longer than any line of infra's own. */
const LONGEST = 1000
const RESET = '\u001b[0m'

const ENDS = /^(?:0?|2[2-7]|39|49)$/

/** @param keeps which colours stay, by their codes @returns the text, and whether a colour that stays is not ended in it */
const cleaned = (text: string, keeps: (codes: string) => boolean): [kept: string, open: boolean] => {
  let open = false
  const kept = text
    .replace(/\r+$/, '')
    // A progress line that was written over and over: a blank between what was there and what came.
    .replaceAll('\r', ' ')
    .replace(UNSAFE, (all: string, codes: string | undefined, final: string | undefined) => {
      const isColor = final === 'm' && all.startsWith('\u001b[') && /^[\d;:]*$/.test(codes ?? '') && keeps(codes ?? '')
      if (isColor) open = !ENDS.test(codes ?? '')
      return isColor ? all : ''
    })
  return [kept, open]
}

/**
 * A line that a container has written, for a terminal: colours stay (if they are wanted) and end with it, whatever else could move, erase,
 * rename or lock up the terminal is left out.
 */
export const safeText = (text: string, colors: boolean): string => {
  const [kept, open] = cleaned(text, () => colors)
  return open ? kept + RESET : kept
}

/** The beginning of a long text, and how long it was. */
export const cut = (text: string, longest = LONGEST, length = text.length): string =>
  length > longest ? `${text.slice(0, longest)}... (${length.toLocaleString('en-US')} characters)` : text

/**
 * What infra prints on a screen: texts from outside (tags, names in a server, reasons, what a file says) are in it. Lines, tabs
 * and infra's own colours stay; a line that is longer than any of ours is cut.
 */
export const safeScreen = (text: string, colors: boolean): string => {
  let open = false
  const lines = text.split('\n').map((line) => {
    const [kept, isOpen] = cleaned(line.slice(0, 4 * LONGEST), (codes) => colors && OURS.test(codes))
    open = isOpen
    return line.length > 4 * LONGEST ? cut(kept, LONGEST, line.length) : cut(kept)
  })
  return lines.join('\n') + (open ? RESET : '')
}

/** A text from outside as a part of one line of ours. */
export const oneLine = (text: string): string => cut(cleaned(text.replace(/\s+/g, ' '), () => false)[0].trim(), 200)

/** JSON that is the same to a program, and in which a terminal finds nothing to carry out. */
export const safeJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
