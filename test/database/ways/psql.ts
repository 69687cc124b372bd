import { execFileSync } from 'node:child_process'

/** Of this machine. */
export const PSQL = 'psql'

const version = (): string | undefined => {
  try {
    return /(\d+)(\.\d+)?/.exec(execFileSync(PSQL, ['--version'], { encoding: 'utf8' }))?.[1]
  } catch {
    return undefined
  }
}
const major = Number(version() ?? 0)
/** Why tests that run psql cannot run here; undefined where they can. \getenv came with version 15. */
export const noPsql: string | undefined =
  major >= 15 ? undefined : major === 0 ? 'no psql on this machine' : `psql ${major} is older than 15`

/** Names that a careless script would take for something else: all are whole names for PostgreSQL. */
export const HOSTILE = [
  `x"; DROP ROLE "postgres"; --`,
  `o'brien`,
  `:'p0' :"p1" :v0`,
  `back\\slash\\n \\! id`,
  '$(touch /tmp/x) `id` $PGPASSWORD',
  `${'ü'.repeat(31)}x`,
  'x'.repeat(63),
  ' blank ends ',
  'two\nlines\ttab',
  `host=evil dbname=x`,
  `postgresql://evil/x`,
  `%s %I %1$s`,
]
