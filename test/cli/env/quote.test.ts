import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dotenvLine, shellLine } from '../../../src/core/quote.ts'

/** What a shell has in these variables after it was given the script. */
const bySh = (script: string, count: number): string[] => {
  const names = Array.from({ length: count }, (_, i) => `"$V${i}"`).join(' ')
  const out = execFileSync('/bin/sh', ['-c', `${script}\nprintf '%s\\0' ${names}`], { encoding: 'utf8', env: {} })
  return out.split('\0').slice(0, count)
}

/** As the npm package dotenv reads: what stands between quotes, and in double quotes \n and \r are read as such. */
const byDotenv = (file: string): Record<string, string> => {
  const LINE =
    /^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$/gm
  const values: Record<string, string> = {}
  for (const m of file.replace(/\r\n?/g, '\n').matchAll(LINE)) {
    const raw = (m[2] ?? '').trim()
    const inner = raw.replace(/^(['"`])([\s\S]*)\1$/g, '$2')
    values[m[1] ?? ''] = raw.startsWith('"') ? inner.replace(/\\n/g, '\n').replace(/\\r/g, '\r') : inner
  }
  return values
}

/** As python-dotenv reads: in either quotes a backslash escapes a quote or another, in double quotes letters too. */
const byPython = (file: string): Record<string, string> => {
  const values: Record<string, string> = {}
  const LINE = /(\w+)=(?:'((?:\\'|[^'])*)'|"((?:\\"|[^"])*)"|([^\r\n]*))(?:\r\n|\n|\r|$)/y
  let m = LINE.exec(file)
  for (; m; m = LINE.exec(file)) {
    const [, name = '', single, double, bare = ''] = m
    values[name] =
      single?.replace(/\\([\\'])/g, '$1') ??
      double?.replace(/\\([\\'"abfnrtv])/g, (_, c: string) => ({ n: '\n', t: '\t', r: '\r' })[c] ?? c) ??
      bare.replace(/\s+#.*/, '').trimEnd()
  }
  return values
}

const tricky = fc.string({ unit: fc.constantFrom(...`ab =#'"\`$\\!~*?;&|<>(){}[]\n\t%^,é€😀`), maxLength: 12 })
/** The few that mean something next to each other. */
const trickier = fc.string({ unit: fc.constantFrom(...`a'"\\$n\n`), maxLength: 5 })
const value = fc.oneof(
  tricky,
  trickier,
  fc.string({ unit: 'grapheme', maxLength: 20 }).filter((s) => !s.includes('\0')),
  fc.constantFrom(
    '',
    ' ',
    '# no comment',
    'a # b',
    "it's",
    'say "hi"',
    '$HOME',
    '${HOME}',
    '$(id)',
    '`id`',
    'a\nb',
    '\\',
    "'",
    '"',
    "'\\''",
  ),
)
const many = fc.array(value, { minLength: 1, maxLength: 80, size: 'max' })
const lines = (values: readonly string[], line: typeof shellLine): string =>
  `${values.map((v, i) => line(`V${i}`, v)).join('\n')}\n`

describe('a shell', () => {
  it('has exactly the value, whatever is in it', () => {
    fc.assert(
      fc.property(many, (values) => {
        expect(bySh(lines(values, shellLine), values.length)).toEqual(values)
      }),
      { numRuns: 12 },
    )
  })

  it('hands it on to what it starts', () => {
    const script = `${shellLine('V0', "it's $HOME")}\nsh -c 'printf %s "$V0"'`
    expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8', env: { PATH: process.env.PATH } })).toBe("it's $HOME")
  })

  it('can hold no NUL', () => {
    expect(shellLine('V0', 'a\0b')).toBeUndefined()
  })
})

describe('a .env file', () => {
  it('says the same to every reader; what would not is not written', () => {
    const folder = mkdtempSync(join(tmpdir(), 'infra-env-'))
    const file = join(folder, '.env')
    try {
      fc.assert(
        fc.property(many, (all) => {
          const values = all.filter((v) => dotenvLine('V', v) !== undefined)
          const text = lines(values, dotenvLine)
          const wanted = Object.fromEntries(values.map((v, i) => [`V${i}`, v]))
          expect(byDotenv(text)).toEqual(wanted)
          expect(byPython(text)).toEqual(wanted)
          expect({ ...parseEnv(text) }).toEqual(wanted)
          writeFileSync(file, text)
          expect(bySh(`. ${file}`, values.length)).toEqual(values)
        }),
        { numRuns: 12 },
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it.each([
    ['5432', 'V=5432'],
    ['', 'V='],
    ['arn:aws:secretsmanager:us-east-1:111122223333:secret:shop/db-AbCdEf:password::', undefined],
    ['https://api.example.com/v1', undefined],
  ])('%s needs no quotes, so that docker --env-file takes it too', (of, line) => {
    expect(dotenvLine('V', of)).toBe(line ?? `V=${of}`)
  })

  it.each([
    ['pa$$word #1', "V='pa$$word #1'"],
    ['say "hi"', `V='say "hi"'`],
    ["it's", `V="it's"`],
    ['-----BEGIN KEY-----\nabc=\n-----END KEY-----\n', "V='-----BEGIN KEY-----\nabc=\n-----END KEY-----\n'"],
    ['C:\\temp', "V='C:\\temp'"],
  ])('%j is quoted', (of, line) => {
    expect(dotenvLine('V', of)).toBe(line)
  })

  it.each(["it's $HOME", `both ' and "`, "a'\\b", 'ends with \\', 'two \\\\ within', 'a\rb', 'a\0b'])(
    '%j is read differently by some',
    (of) => {
      expect(dotenvLine('V', of)).toBeUndefined()
    },
  )
})
