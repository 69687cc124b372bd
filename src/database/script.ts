import { createHash } from 'node:crypto'
import type { PasswordAt } from '../aws/sql.ts'
import type { Job, Statement } from './job.ts'
import { verifierSql } from './scram-sql.ts'

/** Some know a secret by its name, some by its ARN, which is that with six characters at the end. */
const nameOf = (secret: string): string => /^arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:(.+)-\w{6}$/.exec(secret)?.[1] ?? secret

/** The environment variable that holds a password in the container. */
export const passwordVariable = ({ secret, key, stage }: PasswordAt): string => {
  const id = createHash('sha256')
    .update(JSON.stringify([nameOf(secret), key, ...(stage ? [stage] : [])]))
    .digest('hex')
  return `INFRA_PASSWORD_${id.slice(0, 12).toUpperCase()}`
}

/** A text as one word of a shell. */
export const word = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** Exit codes of jobs whose password cannot be used; psql's own are 0 to 3. Words as in scram.ts. */
const UNUSABLE: Readonly<Record<string, string>> = {
  '8': 'the new password holds a character outside of ASCII, which not every driver sends in the same way',
  '9': 'its password in the secret is empty',
}

const PRELUDE = (mark: string): string => `umask 077
t=$(mktemp -d) || exit 1
if [ -n "$INFRA_CA" ]; then printf '%s\\n' "$INFRA_CA" >"$t/ca"; export PGSSLROOTCERT="$t/ca"; fi
no() { : >"$t/o"; : >"$t/e"; exit "$1"; }
has() { [ -n "$1" ] || no 9; }
new() { has "$1"; [ "$(printf %s "$1" | LC_ALL=C tr -d ' -~' | wc -c)" -eq 0 ] || no 8; }
ask() { psql -X -q -A -P footer=off -f "$t/q" >"$t/o" 2>"$t/e"; }
tell() { for f in o e; do base64 <"$t/$f" | tr -d '\\n' | fold -w 4000 | awk -v p="${mark} $1 $f" '{ print p, NR, $0 }'; done; echo "${mark} $1 = $2 $(wc -c <"$t/o") $(wc -c <"$t/e")"; }`

/**
 * A shell script that carries out jobs with psql, one after another, and prints what became of each. What psql says comes in
 * base64, in numbered pieces on lines that begin with `mark`: log lines are cut, and an answer may hold anything. Passwords come
 * from the environment and go into psql's variables: they stand in no script, on no command line and in no output.
 */
export const scriptOf = (jobs: readonly Job[], mark: string): string =>
  [PRELUDE(mark), ...jobs.map((job, n) => jobScript(job, n, mark)), 'rm -rf "$t"', `echo "${mark} end"`, ''].join('\n')

const jobScript = (job: Job, n: number, mark: string): string => {
  const own = job.as ? `PGUSER=${word(job.as.role)} PGPASSWORD="$${passwordVariable(job.as.password)}"` : ''
  const checks = [
    ...(job.as ? [`has "$${passwordVariable(job.as.password)}"`] : []),
    ...job.statements.flatMap((s) => (typeof s === 'string' ? [] : [`new "$${passwordVariable(s.password)}"`])),
  ]
  return `cat >"$t/q" <<'${mark}'
${psqlScript(job, mark)}
${mark}
(${[...checks, `export PGDATABASE=${word(job.database)} ${own}`, 'ask'].join('; ')}); tell ${n} $?`
}

/** What psql reads for one job: it stops at the first error, and says which. */
const psqlScript = ({ statements, atomic }: Job, mark: string): string => {
  const stopOnError = (message = ':LAST_ERROR_MESSAGE'): string =>
    `\\if :ERROR\n\\echo '${mark}' error :SQLSTATE\n\\echo ${message}\n\\q\n\\endif`
  const one = (statement: Statement, n: number): string => {
    const start = `\\echo '${mark}' statement`
    if (typeof statement === 'string') return `${start}\n${statement}\n;\n${stopOnError()}`
    // An error here could quote the password.
    return `\\getenv p${n} ${passwordVariable(statement.password)}
${verifierSql(`p${n}`, `v${n}`)}
\\gset
${stopOnError("'the password cannot be used as it is'")}
\\unset p${n}
${start}
${statement.text(`:'v${n}'`)}
;
${stopOnError()}`
  }
  const all = statements.map(one)
  return [
    // psql would quote the statement beside the error, and with it what a password is checked by.
    '\\set VERBOSITY sqlstate',
    ...(atomic ? ['BEGIN;', ...all, `\\echo '${mark}' done`, 'COMMIT;', stopOnError()] : [...all, `\\echo '${mark}' done`]),
  ].join('\n')
}

/** What became of one job. */
export type Outcome =
  | { readonly is: 'done'; readonly answer: string | undefined }
  | { readonly is: 'failed'; readonly code: string; readonly message: string }

interface Told {
  readonly exit: string
  readonly out: string
  readonly err: string
}

/** What the log holds of job number `n`; undefined while a part is missing. */
const toldOf = (lines: readonly string[], mark: string, n: number): Told | undefined => {
  const start = `${mark} ${n} `
  const words = lines.flatMap((l) => (l.startsWith(start) ? [l.slice(start.length).split(/\s+/)] : []))
  const whole = (stream: string): Buffer => {
    const pieces = words.filter((w) => w[0] === stream).sort((a, b) => Number(a[1]) - Number(b[1]))
    return Buffer.from(pieces.map((w) => w[2] ?? '').join(''), 'base64')
  }
  const [, exit = '', outSize, errSize] = words.find((w) => w[0] === '=') ?? []
  const [out, err] = [whole('o'), whole('e')]
  if (String(out.length) !== outSize || String(err.length) !== errSize) return undefined
  return { exit, out: out.toString('utf8'), err: err.toString('utf8') }
}

/** Whether the log of a script with so many jobs is whole. Lines may come in any order. */
export const isComplete = (lines: readonly string[], mark: string, jobs: number): boolean =>
  lines.includes(`${mark} end`) && Array.from({ length: jobs }, (_, n) => toldOf(lines, mark, n)).every(Boolean)

/** Reads what a script has printed of job number `n`; undefined when that is not there. */
export const outcomeOf = (lines: readonly string[], mark: string, n: number): Outcome | undefined => {
  const told = toldOf(lines, mark, n)
  if (!told) return undefined
  const { exit, out, err } = told
  const unusable = UNUSABLE[exit]
  if (unusable) return { is: 'failed', code: 'UNUSABLE_PASSWORD', message: unusable }
  const error = out.lastIndexOf(`${mark} error `)
  if (error >= 0) {
    const [head = '', ...message] = out.slice(error).trimEnd().split('\n')
    return { is: 'failed', code: head.split(' ')[2] ?? '', message: message.join('\n') }
  }
  const warned = /WARNING:\s+(01006|01007)/.exec(err)?.[1]
  if (warned) return { is: 'failed', code: warned, message: NOT_DONE[warned] ?? '' }
  const done = out.lastIndexOf(`${mark} done\n`)
  if (exit === '0' && done >= 0) return { is: 'done', answer: answerIn(out.slice(0, done), mark) }
  return failedToConnect(err, exit)
}

/** REVOKE and GRANT without the right to do so only warn. */
const NOT_DONE: Readonly<Record<string, string>> = {
  '01006': 'no privileges could be revoked',
  '01007': 'no privileges were granted',
}

const answerIn = (out: string, mark: string): string | undefined => {
  const start = `${mark} statement\n`
  const last = out.slice(out.lastIndexOf(start) + start.length)
  const row = /^answer\n([\s\S]+)\n$/.exec(last)
  return row?.[1]
}

/** psql tells no code of an error that comes while it connects. www.postgresql.org/docs/current/errcodes-appendix.html */
const CONNECTING: readonly (readonly [RegExp, string])[] = [
  [/password authentication failed/, '28P01'],
  [/permission denied for database/, '42501'],
  [/database "[\s\S]*" does not exist/, '3D000'],
  [/no pg_hba\.conf entry|not permitted to log in|rejects connection/, '28000'],
  [/too many (clients|connections)|remaining connection slots/, '53300'],
  [/database system is|not yet accepting connections/, '57P03'],
  [/certificate/i, 'CERT_REFUSED'],
  [/timeout expired|timed out/i, 'ETIMEDOUT'],
  [/Connection refused/i, 'ECONNREFUSED'],
  [/could not translate host name/, 'ENOTFOUND'],
  [/No route to host|Network is unreachable/i, 'EHOSTUNREACH'],
  [/closed the connection unexpectedly|connection to server was lost|terminating connection/, '57P01'],
]

const failedToConnect = (said: string, exit: string): Outcome => {
  const code = CONNECTING.find(([pattern]) => pattern.test(said))?.[1] ?? ''
  const words = said
    .trim()
    .replace(/^psql:[^\n]*? error: /, '')
    .replace(/^connection to server at [^\n]*? failed: /, '')
  return { is: 'failed', code, message: words.replace(/^FATAL:\s+/, '') || `psql ended with ${exit}` }
}
