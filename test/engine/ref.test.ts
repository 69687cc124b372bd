import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/core/json.ts'
import { hasUnknown, knownProps, outputs, Ref, refsIn, resolve, UNKNOWN } from '../../src/engine/ref.ts'

const a = outputs<{ id: string; port: number }>('a')
const attrs = (key: string) => (key === 'a' ? { id: 'id-1', port: 0 } : undefined)

describe('refs', () => {
  it('outputs are refs to the attributes of one resource', () => {
    expect(a.id).toBeInstanceOf(Ref)
    expect(a.id).toMatchObject({ key: 'a', attr: 'id' })
  })
  it('refsIn finds keys at any depth', () => {
    expect(refsIn({ x: [{ y: a.id }], z: new Ref('b', 'id'), n: null, s: 'a' })).toEqual(new Set(['a', 'b']))
  })
  it('resolve replaces refs at any depth and leaves the rest', () => {
    const value = { x: [{ y: a.id }, 1], port: a.port, n: null, t: true, u: undefined }
    expect(resolve(value, attrs)).toEqual({ x: [{ y: 'id-1' }, 1], port: 0, n: null, t: true, u: undefined })
  })
  it('what is not there yet is UNKNOWN, be it the resource or the attribute', () => {
    const value = { x: [new Ref('b', 'id')], y: new Ref('a', 'arn') }
    expect(resolve(value, attrs)).toEqual({ x: [UNKNOWN], y: UNKNOWN })
  })
  it('knownProps keeps only what is known through and through', () => {
    const value = resolve({ x: [a.id, new Ref('b', 'id')], y: a.id, u: undefined }, attrs) as Record<string, unknown>
    expect(hasUnknown(value)).toBe(true)
    expect(knownProps(value)).toEqual({ y: 'id-1' })
  })
  it('a Secret stays one, so that writing it out still throws', () => {
    const value = resolve({ password: new Secret('hush') }, attrs) as { password: unknown }
    expect(value.password).toBeInstanceOf(Secret)
    expect(() => JSON.stringify(value)).toThrow('a secret was about to be written out')
  })
})
