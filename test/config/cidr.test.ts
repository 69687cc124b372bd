import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Block, contains, layout, overlap, parseCidr, showCidr } from '../../src/config/cidr.ts'
import { dailyWindow, weeklyWindow, windowsOverlap } from '../../src/config/windows.ts'
import { at, read, refusal } from './support/read.ts'

const size = (bits: number): number => 2 ** (32 - bits)
const block = (min: number, max: number): fc.Arbitrary<Block> =>
  fc
    .tuple(fc.integer({ min, max }), fc.nat(2 ** 32 - 1))
    .map(([bits, address]) => ({ bits, base: Math.floor(address / size(bits)) * size(bits) }))
const parsed = (text: string): Block => parseCidr(text) ?? { base: -1, bits: 99 }

describe('blocks', () => {
  it('are written as they are read', () => {
    fc.assert(
      fc.property(block(0, 32), (b) => {
        expect(parseCidr(showCidr(b))).toEqual(b)
      }),
    )
  })

  it('with bits behind the prefix are none', () => {
    fc.assert(
      fc.property(block(1, 31), fc.nat(), (b, n) => {
        const off = 1 + (n % (size(b.bits) - 1))
        expect(parseCidr(`${showCidr({ base: b.base + off, bits: 32 }).replace('/32', '')}/${b.bits}`)).toBeUndefined()
      }),
    )
  })

  it('overlap when and only when they share an address', () => {
    fc.assert(
      fc.property(block(8, 32), block(8, 32), fc.boolean(), (a, other, near) => {
        const b = near ? { bits: other.bits, base: Math.floor(a.base / size(other.bits)) * size(other.bits) } : other
        const shared = a.base < b.base + size(b.bits) && b.base < a.base + size(a.bits)
        expect(overlap(a, b)).toBe(shared)
        expect(overlap(b, a)).toBe(shared)
      }),
    )
  })
})

describe('the layout of subnets', () => {
  it('is inside the VPC, disjoint and of a size that AWS takes, for every legal block and number of zones', () => {
    fc.assert(
      fc.property(block(16, 28), fc.integer({ min: 2, max: 6 }), (vpc, zones) => {
        fc.pre(vpc.bits + Math.ceil(Math.log2(2 * zones)) <= 28)
        const { publics, privates } = layout(vpc, zones)
        expect([publics.length, privates.length]).toEqual([zones, zones])
        const all = [...publics, ...privates].map(parsed)
        for (const [i, a] of all.entries()) {
          expect(a.bits).toBeGreaterThanOrEqual(16)
          expect(a.bits).toBeLessThanOrEqual(28)
          expect(contains(vpc, a)).toBe(true)
          for (const b of all.slice(i + 1)) expect(overlap(a, b)).toBe(false)
        }
      }),
    )
  })

  it('a block is refused when and only when its parts would be too small', () => {
    fc.assert(
      fc.property(block(16, 28), fc.integer({ min: 2, max: 6 }), (vpc, azCount) => {
        const yaml = at('vpc', { cidr: showCidr(vpc), azCount })
        if (vpc.bits + Math.ceil(Math.log2(2 * azCount)) <= 28) expect(read(yaml).vpc.privateCidrs).toHaveLength(azCount)
        else expect(refusal(yaml).what).toContain(`${2 * azCount} subnets of at least /28 do not fit`)
      }),
      { numRuns: 60 },
    )
  })
})

describe("subnets of one's own", () => {
  const vpc = (of: object): string => at('vpc', of)
  const own = { publicCidrs: ['10.0.1.0/24', '10.0.2.0/24'], privateCidrs: ['10.0.3.0/24', '10.0.4.0/24'] }

  it('are taken as they are', () => {
    expect(read(vpc(own)).vpc).toMatchObject(own)
  })

  it.each([
    [
      { ...own, publicCidrs: ['10.0.1.0/24'] },
      'vpc.publicCidrs is ["10.0.1.0/24"]: there must be one block for each of the 2 zones',
    ],
    [
      { ...own, publicCidrs: ['10.1.1.0/24', '10.0.2.0/24'] },
      'vpc.publicCidrs.0 is 10.1.1.0/24: it must lie inside vpc.cidr 10.0.0.0/16',
    ],
    [
      { ...own, privateCidrs: ['10.0.3.0/24', '10.0.2.0/25'] },
      'vpc.privateCidrs.1 is 10.0.2.0/25: it overlaps vpc.publicCidrs.1 10.0.2.0/24',
    ],
    [
      { ...own, privateCidrs: ['10.0.3.0/29', '10.0.4.0/24'] },
      'vpc.privateCidrs.0 is 10.0.3.0/29: a subnet must be an IPv4 block from /16 to /28',
    ],
    // Only one list: the other one comes from the layout, and must not lie below it.
    [
      { publicCidrs: ['10.0.10.0/24', '10.0.20.0/24'] },
      'vpc.publicCidrs.0 is 10.0.10.0/24: it overlaps vpc.privateCidrs.0 10.0.10.0/24 (the default',
    ],
    [
      { privateCidrs: ['10.0.0.0/20', '10.0.16.0/20'] },
      'vpc.privateCidrs.0 is 10.0.0.0/20: it overlaps vpc.publicCidrs.0 10.0.1.0/24 (the default',
    ],
    [
      { cidr: '10.0.0.0/27', publicCidrs: ['10.0.0.0/28', '10.0.0.16/28'] },
      'vpc.cidr is 10.0.0.0/27: 4 subnets of at least /28 do not fit',
    ],
  ])('%j', (of, says) => {
    expect(refusal(vpc(of)).message).toContain(says)
  })
})

describe('windows', () => {
  const pad = (n: number): string => String(n).padStart(2, '0')
  const clock = (minute: number): string => `${pad(Math.floor(minute / 60) % 24)}:${pad(minute % 60)}`
  const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
  const minute = fc.nat(1439)

  it('overlap when and only when some minute of the week is in both', () => {
    fc.assert(
      fc.property(
        minute,
        fc.integer({ min: 30, max: 1439 }),
        fc.nat(10_079),
        fc.integer({ min: 30, max: 1439 }),
        (from, long, begin, lasts) => {
          const daily = dailyWindow(`${clock(from)}-${clock((from + long) % 1440)}`) ?? [-1, -1]
          const end = (begin + lasts) % 10_080
          const weekly = weeklyWindow(
            `${days[Math.floor(begin / 1440)]}:${clock(begin % 1440)}-${days[Math.floor(end / 1440)]}:${clock(end % 1440)}`,
          ) ?? [-1, -1]
          expect([daily, weekly]).toEqual([
            [from, long],
            [begin, lasts],
          ])
          const inDaily = (m: number): boolean => (m - from + 1440) % 1440 < long
          const shared = Array.from({ length: lasts }, (_, i) => (begin + i) % 1440).some(inDaily)
          expect(windowsOverlap(daily, weekly)).toBe(shared)
        },
      ),
    )
  })
})
