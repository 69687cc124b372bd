const ESC = '\\u001b'
/** A title of the window and other texts for the terminal itself, up to their end. */
const TEXT = `(?:${ESC}[\\]PX^_]|[\\u0090\\u0098\\u009d-\\u009f])[^]*?(?:\\u0007|${ESC}\\\\|\\u009c|$)`
/** Movements, erasures, modes; with m at the end, a colour. */
const SEQUENCE = `(?:${ESC}\\[|\\u009b)([0-?]*)[ -/]*([@-~])`
const OTHER = `${ESC}[ -/]*[0-~]?`
/** Tabs stay. */
const CONTROL = '[\\u0000-\\u0008\\u000a-\\u001f\\u007f-\\u009f]'
/** They turn the direction of what follows. */
const TURNS = '[\\u202a-\\u202e\\u2066-\\u2069]'
const UNSAFE = new RegExp(`${TEXT}|${SEQUENCE}|${OTHER}|${CONTROL}|${TURNS}`, 'g')
const RESET = '\u001b[0m'

/**
 * A line that a container has written, for a terminal: colours stay (if they are wanted) and end with it, whatever else could move, erase,
 * rename or lock up the terminal is left out.
 */
export const safeText = (text: string, colors: boolean): string => {
  let coloured = false
  const kept = text
    .replace(/\r+$/, '')
    // A progress line that was written over and over: a blank between what was there and what came.
    .replaceAll('\r', ' ')
    .replace(UNSAFE, (all: string, codes: string | undefined, final: string | undefined) => {
      const isColor = colors && final === 'm' && all.startsWith('\u001b[') && /^[\d;:]*$/.test(codes ?? '')
      if (isColor) coloured = true
      return isColor ? all : ''
    })
  return coloured ? kept + RESET : kept
}
