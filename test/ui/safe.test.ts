import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { oneLine, safeJson, safeScreen } from '../../src/core/safe.ts'
import { columns } from '../../src/ui/format.ts'

const SRC = new URL('../../src/', import.meta.url).pathname

/** Those that write past Io, each for a reason. */
const PAST: Readonly<Record<string, string>> = {
  'ui/io.ts': 'it is what writes',
  'ui/reporters.ts': 'events, as JSON that is safe',
  'cli/program.ts': 'errors before there is an Io, made safe there',
  'commands/database/credentials.ts': 'one value for $(...), asked for with --reveal',
  'commands/database/transfer/progress.ts': 'its own line, which it erases',
  'commands/database/prompt.ts': 'tables of the prompt, made safe there',
  'commands/env/env.ts': 'lines for eval, quoted',
  'commands/service/exec-terminal.ts': 'the terminal of a session: what comes is the answer of the container',
  'commands/sandbox/env.ts': 'lines for eval, quoted',
}

it('nothing writes to the terminal past it', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'))
  const found = files.filter((f) => /\b(stdout|stderr)\.write\(|console\.\w+\(/.test(readFileSync(join(SRC, f), 'utf8')))
  expect(found.sort()).toEqual(Object.keys(PAST).sort())
})

it('whatever comes, no control character is left but tabs, line breaks and colours of infra', () => {
  const bits = fc.constantFrom(
    '\u001b',
    '[',
    ']',
    '0',
    ';',
    '1',
    'm',
    'J',
    '\u0007',
    '\\',
    '\u009b',
    '\u009d',
    '\n',
    '\r',
    '\t',
    'a',
    '\u202e',
    'P',
    '?',
  )
  fc.assert(
    fc.property(fc.array(bits, { maxLength: 40 }), fc.boolean(), (parts, colors) => {
      const shown = safeScreen(parts.join(''), colors)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them
      const rest = colors ? shown.replace(/\u001b\[\d*m/g, '') : shown
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them
      expect(rest).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)
    }),
  )
})

it('one line stays one line, and a cell without an end widens no other row', () => {
  expect(oneLine(' infra create\n\nNext: rm -rf /\u001b[31m ')).toBe('infra create Next: rm -rf /')
  expect(oneLine('x'.repeat(300))).toBe(`${'x'.repeat(200)}... (300 characters)`)
  expect(
    columns([
      ['a', 'x'.repeat(1_000_000)],
      ['b', 'c'],
    ]).length,
  ).toBeLessThan(1200)
  expect(columns([['a', 'b\n✓ done']])).toBe('  a  b ✓ done')
  expect(safeJson({ a: '\u009b' }, 2)).toBe('{\n  "a": "\\u009b"\n}')
})
