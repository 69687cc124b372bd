import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { splitStatements } from '../../../src/commands/database/statements.ts'
import { table } from '../../../src/commands/database/table.ts'

describe('statements are cut at their semicolons', () => {
  it.each([
    ['select 1; select 2;', ['select 1', 'select 2'], ''],
    ['select 1', [], 'select 1'],
    [';;  ;', [], ''],
    ['select \'a;b\', "c;d"; x', ['select \'a;b\', "c;d"'], ' x'],
    ["select 'it''s; so';", ["select 'it''s; so'"], ''],
    ["select E'a\\';b';", ["select E'a\\';b'"], ''],
    ["select 'a\\';b';", ["select 'a\\'"], "b';"],
    ['do $$ begin; end $$; x', ['do $$ begin; end $$'], ' x'],
    ['do $a$ $$;$b$; $a$;', ['do $a$ $$;$b$; $a$'], ''],
    ['select $1; select a$b; x', ['select $1', 'select a$b'], ' x'],
    ['-- a; b\nselect 1;', ['-- a; b\nselect 1'], ''],
    ['select 1 -- end; of it\n;', ['select 1 -- end; of it'], ''],
    ['/* a; /* b; */ c; */ select 1;', ['/* a; /* b; */ c; */ select 1'], ''],
    ['/* a; /* b; */ select 1;', [], '/* a; /* b; */ select 1;'],
    ["select 'open; ", [], "select 'open; "],
    ['do $x$ open; $y$', [], 'do $x$ open; $y$'],
  ])('%j', (text, statements, rest) => {
    expect(splitStatements(text)).toEqual({ statements, rest })
  })

  it('fed in pieces, it is the same as at once', () => {
    const word = fc.constantFrom(
      'select 1',
      "'a;b'",
      '"c;d"',
      '$$;$$',
      '$q$;$q$',
      '/* ; */',
      '-- ;\n',
      ';',
      '\n',
      ' ',
      "E'\\';'",
      'x',
    )
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), (words) => {
        const text = words.join(' ')
        const whole = splitStatements(text)
        let rest = ''
        const statements: string[] = []
        for (const line of text.split(/(?<=\n)/)) {
          const split = splitStatements(rest + line)
          statements.push(...split.statements)
          rest = split.rest
        }
        expect({ statements, rest }).toEqual(whole)
      }),
    )
  })
})

test('a table as psql prints it; what would move the cursor is shown', () => {
  const columns = [
    { name: 'id', number: true },
    { name: 'note', number: false },
  ]
  const rows = [
    ['1', 'a\nb\tc'],
    ['200', '\x1b[31mred\x9b'],
    ['3', null],
  ]
  expect(table({ columns, rows })).toBe(` id  |      note
-----+-----------------
   1 | a↵b c
 200 | \\x1b[31mred\\x9b
   3 |
(3 rows)`)
  expect(table({ columns: [{ name: 'a', number: true }], rows: [] })).toBe(' a\n---\n(0 rows)')
})
