import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { about, change, columns, count, daily, elapsed, folded, list, usd } from '../../src/ui/format.ts'

describe('words for numbers', () => {
  it('money', () => {
    expect([usd(0), usd(28.657), usd(1234.5)]).toEqual(['$0.00', '$28.66', '$1234.50'])
    expect([change(0), change(36.5), change(-36.5)]).toEqual(['', '+$36.50', '-$36.50'])
    expect(daily(29.06)).toBe(0.96)
  })

  it('minutes that are expected', () => {
    expect([0, 0.5, 0.99, 1, 1.4, 1.5, 12.2].map(about)).toEqual([
      'under a minute',
      'under a minute',
      'under a minute',
      'about 1 minute',
      'about 1 minute',
      'about 2 minutes',
      'about 12 minutes',
    ])
  })

  it('time that has passed never reads as sixty seconds', () => {
    expect([0, 420, 9_949, 10_000, 59_400, 59_600, 185_000, 3_600_000].map(elapsed)).toEqual([
      '0.0 s',
      '0.4 s',
      '9.9 s',
      '10 s',
      '59 s',
      '1:00 min',
      '3:05 min',
      '60:00 min',
    ])
    fc.assert(
      fc.property(fc.nat(10_000_000), (ms) => {
        expect(elapsed(ms)).not.toMatch(/\b60 s|:60/)
      }),
    )
  })

  it('lists and counts', () => {
    expect([list([]), list(['a']), list(['a', 'b']), list(['a', 'b', 'c'])]).toEqual(['', 'a', 'a and b', 'a, b and c'])
    expect([count(1, 'resource'), count(0, 'resource'), count(2, 'is', 'are')]).toEqual(['1 resource', '0 resources', '2 are'])
  })
})

describe('columns', () => {
  it('line up, left or right, and no line ends in blanks', () => {
    expect(
      columns(
        [
          ['a', '1', 'x'],
          ['long', '100', ''],
        ],
        '<><',
      ),
    ).toBe('  a       1  x\n  long  100')
    expect(columns([], '<')).toBe('')
    expect(columns([['a'], ['b', 'c']], '', '')).toBe('a\nb  c')
  })

  it('do not count colours', () => {
    const red = (text: string): string => `\u001b[31m${text}\u001b[39m`
    expect(
      columns([
        [red('a'), 'x'],
        ['bcd', 'y'],
      ]),
    ).toBe(`  ${red('a')}    x\n  bcd  y`)
  })

  it('give each row one line, in which each cell begins at the same place', () => {
    const cell = fc.stringMatching(/^[a-z0-9]{1,12}$/)
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }), (rows) => {
        const lines = columns(rows).split('\n')
        expect(lines).toHaveLength(rows.length)
        const starts = lines.map((line) => [...line.matchAll(/\S+/g)].map((m) => m.index))
        for (const s of starts) expect(s).toEqual(starts[0])
        expect(lines.map((line) => line.trim().split(/ +/))).toEqual(rows)
      }),
    )
  })
})

describe('folded', () => {
  it('breaks between words where the terminal ends, a sign with what it is of', () => {
    expect(folded('subnetIds: + subnet-1, + subnet-2, - subnet-3', 30, '    ').split('\n')).toEqual([
      '    subnetIds: + subnet-1,',
      '      + subnet-2, - subnet-3',
    ])
  })
  it('leaves a long word whole, and all in one line where there is no terminal', () => {
    const long = 'x'.repeat(50)
    expect(folded(`a ${long} b`, 20, '')).toBe(`a\n  ${long}\n  b`)
    expect(folded(`a ${long} b`, undefined, '  ')).toBe(`  a ${long} b`)
  })
})
