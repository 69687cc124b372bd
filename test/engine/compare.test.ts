import { describe, expect, it } from 'vitest'
import { differing, missingTags, unchangeable } from '../../src/engine/compare.ts'
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
