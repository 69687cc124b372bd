/**
 * One variable as POSIX shells take it with `eval`: between single quotes nothing means anything but their end.
 * @returns undefined for what no variable can hold (a NUL)
 */
export const shellLine = (name: string, value: string): string | undefined =>
  value.includes('\0') ? undefined : `export ${name}='${value.replaceAll("'", "'\\''")}'`

const BARE = /^[\w@%+=:,./-]*$/
/** What a reader of .env files in double quotes may take for something else: an escape, a variable, a command. */
const SPECIAL = /["\\$`]/

/**
 * One variable as every reader of .env files takes it: the npm package dotenv, Node itself, python-dotenv, docker compose, a shell that
 * sources the file. They agree on few things: bare words, single quotes with neither quotes nor escapes in between, double quotes the same.
 * @returns undefined where they do not agree: a value that is read otherwise by some is worse than none
 */
export const dotenvLine = (name: string, value: string): string | undefined => {
  if (/[\0\r]/.test(value)) return undefined
  if (BARE.test(value)) return `${name}=${value}`
  // Python takes two backslashes for one, and a backslash before the end hides the quote from some.
  if (!/'|\\\\|\\$/.test(value)) return `${name}='${value}'`
  return SPECIAL.test(value) ? undefined : `${name}="${value}"`
}
