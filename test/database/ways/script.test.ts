import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { isComplete, outcomeOf, scriptOf, word } from '../../../src/database/script.ts'

const MARK = '@0123456789ab'
const b64 = (text: string): string => Buffer.from(text).toString('base64')

/** The lines of one job, its output in pieces of four letters. */
const job = (n: number, exit: number, out: string, err = ''): string[] => [
  ...(b64(out).match(/.{1,4}/g) ?? []).map((piece, i) => `${MARK} ${n} o ${i + 1} ${piece}`),
  ...(b64(err).match(/.{1,4}/g) ?? []).map((piece, i) => `${MARK} ${n} e ${i + 1} ${piece}`),
  `${MARK} ${n} = ${exit} ${Buffer.byteLength(out)} ${Buffer.byteLength(err)}`,
]
const done = (rows: string): string => `${MARK} statement\n${rows}${MARK} done\n`

describe('the log of a script', () => {
  const lines = [...job(0, 0, done('answer\nfirst ü\n')), ...job(1, 0, done('other\nx\n')), `${MARK} end`]

  it('is whole when each job is, in whatever order its lines come', () => {
    for (const all of [lines, [...lines].reverse(), ['noise', ...lines, `${MARK}x 0 = 1 0 0`]]) {
      expect(isComplete(all, MARK, 2)).toBe(true)
      expect(outcomeOf(all, MARK, 0)).toEqual({ is: 'done', answer: 'first ü' })
      expect(outcomeOf(all, MARK, 1)).toEqual({ is: 'done', answer: undefined })
    }
  })

  it('is not while any line is missing', () => {
    for (const missing of lines)
      expect(
        isComplete(
          lines.filter((l) => l !== missing),
          MARK,
          2,
        ),
      ).toBe(false)
    expect(isComplete(lines, MARK, 3)).toBe(false)
    expect(outcomeOf(lines, MARK, 2)).toBeUndefined()
  })

  it.each([
    ['the rows of the last statement', `${MARK} statement\nanswer\nold\n${done('answer\nnew\n')}`, 'new'],
    ['an answer of several lines', done('answer\na\nb\n'), 'a\nb'],
    ['no row', done('answer\n'), undefined],
    ['no output', done(''), undefined],
  ])('holds %s', (_, out, answer) => {
    expect(outcomeOf(job(0, 0, out), MARK, 0)).toEqual({ is: 'done', answer })
  })

  it.each([
    [
      0,
      `${MARK} statement\n${MARK} error 42P04\ndatabase "x\ny" already exists\n`,
      '',
      '42P04',
      'database "x\ny" already exists',
    ],
    [0, `${done('')}${MARK} error 40001\ncould not serialize\n`, '', '40001', 'could not serialize'],
    [
      2,
      '',
      'psql: error: connection to server at "h" (10.0.0.1), port 5432 failed: FATAL:  password authentication failed for user "x"\n',
      '28P01',
      'password authentication failed for user "x"',
    ],
    [
      2,
      '',
      'psql: error: connection to server at "h" (10.0.0.1), port 5432 failed: FATAL:  permission denied for database "x"\nDETAIL:  User does not have CONNECT privilege.',
      '42501',
      expect.stringContaining('permission denied for database "x"'),
    ],
    [
      2,
      '',
      'psql: error: connection to server at "h", port 5432 failed: FATAL:  database "x" does not exist',
      '3D000',
      'database "x" does not exist',
    ],
    [
      2,
      '',
      'psql: error: connection to server at "h" (10.0.0.1), port 5432 failed: timeout expired',
      'ETIMEDOUT',
      'timeout expired',
    ],
    [
      2,
      '',
      'psql: error: could not translate host name "h" to address: Name does not resolve',
      'ENOTFOUND',
      expect.stringContaining('could not translate'),
    ],
    [
      2,
      '',
      'psql: error: connection to server at "h" (10.0.0.1), port 5432 failed: SSL error: certificate verify failed',
      'CERT_REFUSED',
      'SSL error: certificate verify failed',
    ],
    [
      2,
      '',
      'psql: error: connection to server at "h" (10.0.0.1), port 5432 failed: FATAL:  sorry, too many clients already',
      '53300',
      'sorry, too many clients already',
    ],
    [
      2,
      `${MARK} statement\n`,
      'psql:/tmp/q:9: FATAL:  57P01\npsql:/tmp/q:9: server closed the connection unexpectedly\n',
      '57P01',
      expect.any(String),
    ],
    [2, done(''), 'psql:/tmp/q:9: error: connection to server was lost', '57P01', expect.any(String)],
    [0, done(''), 'psql:/tmp/q:9: WARNING:  01007\n', '01007', 'no privileges were granted'],
    [9, '', '', 'UNUSABLE_PASSWORD', expect.stringContaining('empty')],
    [127, '', 'sh: psql: not found', '', 'sh: psql: not found'],
    [1, '', '', '', 'psql ended with 1'],
  ])('tells an error by exit code %d, %j and %j', (exit, out, err, code, message) => {
    expect(outcomeOf(job(0, exit, out, err), MARK, 0)).toEqual({ is: 'failed', code, message })
  })
})

describe('a script', () => {
  it('is one that a shell understands', () => {
    const at = { secret: 's', key: 'k' }
    const text = scriptOf(
      [{ database: `o'x\n$(id)`, as: { role: `"'`, password: at }, statements: [{ password: at, text: (l) => `X ${l}` }] }],
      MARK,
    )
    expect(execFileSync('sh', ['-n'], { input: text }).toString()).toBe('')
    expect(execFileSync('sh', ['-c', `printf %s ${word(`a'b$(id)\n"\\`)}`]).toString()).toBe(`a'b$(id)\n"\\`)
  })
})
