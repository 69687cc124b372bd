import { describe, expect, it } from 'vitest'
import { changesOf, differing, missingTags, show, unchangeable } from '../../src/engine/compare.ts'
import { UNKNOWN } from '../../src/engine/ref.ts'
import { anyKind, fakeKind } from './support/kinds.ts'

describe('differing', () => {
  it('names the wanted props that were seen to be different', () => {
    expect(differing({ a: 1, b: 'x', c: [1, 2] }, { a: 1, b: 'y', c: [2, 1] })).toEqual(['b', 'c'])
  })
  it('does not care for the order of keys, at any depth', () => {
    expect(differing({ a: { x: 1, y: [{ p: 1, q: 2 }] } }, { a: { y: [{ q: 2, p: 1 }], x: 1 } })).toEqual([])
  })
  it('what could not be read back, is not wanted or not known yet does not count', () => {
    expect(differing({ a: 1 }, { b: 2 })).toEqual([])
    expect(differing({ a: 1 }, { a: undefined })).toEqual([])
    expect(differing({ a: 1, b: [1] }, { a: UNKNOWN, b: [UNKNOWN] })).toEqual([])
    expect(differing(undefined, { a: 1 })).toEqual([])
  })
  it('null, false, 0 and empty are values', () => {
    expect(differing({ a: 1, b: true, c: 'x', d: [1] }, { a: 0, b: false, c: '', d: [] })).toEqual(['a', 'b', 'c', 'd'])
    expect(differing({ a: null }, { a: 1 })).toEqual(['a'])
  })
})

describe('missingTags', () => {
  it('names what is missing or different, and leaves the tags of others alone', () => {
    expect(missingTags({ a: '1', b: '2', other: 'x' }, { a: '1', b: '3', c: '4' })).toEqual({ b: '3', c: '4' })
  })
  it('says nothing when tags could not be read', () => {
    expect(missingTags(undefined, { a: '1' })).toEqual({})
  })
})

describe('unchangeable', () => {
  it('is what the facts call immutable, or everything where there is no update', () => {
    const some = fakeKind('some', { immutable: ['size'] })
    expect(unchangeable(anyKind(some), ['size', 'color'])).toEqual(['size'])
    expect(unchangeable(anyKind(fakeKind('none', { fixed: true })), ['color'])).toEqual(['color'])
  })
})

describe('what differs within a prop', () => {
  it.each<[string, Parameters<typeof changesOf>[1], Parameters<typeof changesOf>[2], string[]]>([
    ['a text', 'a', 'b', ['p: a -> b']],
    ['nothing', { a: [1] }, { a: [1] }, []],
    ['a key of an object', { a: 1, b: 2 }, { a: 1, b: 3 }, ['p.b: 2 -> 3']],
    ['one that came and one that went', { a: 1 }, { b: 1 }, ['p.a: 1 -> none', 'p.b: none -> 1']],
    ['a list of texts, as a whole', ['a'], ['a', 'b'], ['p: ["a"] -> ["a","b"]']],
    [
      'an item with a name, wherever it stands',
      [
        { name: 'x', n: 1 },
        { name: 'y', n: 1 },
      ],
      [
        { name: 'y', n: 2 },
        { name: 'x', n: 1 },
      ],
      ['p.y.n: 1 -> 2'],
    ],
    [
      'two items of one name, as a whole',
      [{ name: 'x' }],
      [{ name: 'x' }, { name: 'x' }],
      ['p: [{"name":"x"}] -> [{"name":"x"},{"name":"x"}]'],
    ],
    ['a list that was empty', [], [{ name: 'x' }], ['p: [] -> [{"name":"x"}]']],
    ['an object in place of null', null, { a: 1 }, ['p: none -> {"a":1}']],
    ['what was not there', undefined, 'a', ['p: none -> a']],
  ])('%s', (_, is, want, said) => {
    expect(changesOf('p', is, want)).toEqual(said)
  })

  it('of very many only some', () => {
    const of = (n: number) => Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, n]))
    const said = changesOf('p', of(1), of(2))
    expect(said).toHaveLength(9)
    expect(said.at(-1)).toBe('and 12 more in p')
  })
})

it('show writes text as it is and anything else as JSON', () => {
  expect([show('a'), show(['a']), show(1)]).toEqual(['a', '["a"]', '1'])
})
