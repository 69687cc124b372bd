import { expect, it } from 'vitest'
import { versionAt } from '../../src/rds/version-at.ts'

const day = (n: number, hour = 0): Date => new Date(Date.UTC(2026, 10, n, hour))
/** Nightly backups; upgraded on the 10th between 12 and 13 o'clock. */
const SNAPSHOTS = [
  { name: 'rds:shop-2026-11-08', version: '16.8', createdAt: day(8) },
  { name: 'rds:shop-2026-11-11', version: '17.6', createdAt: day(11) },
  { name: 'rds:shop-2026-11-10', version: '16.10', createdAt: day(10) },
  { name: 'rds:preupgrade-shop-16-10-to-17-6-2026-11-10', version: '16.10', createdAt: day(10, 12) },
  { name: 'rds:shop-2026-11-10-13', version: '17.6', createdAt: day(10, 13) },
  { name: 'in-progress', version: '17.6', createdAt: undefined },
]

it.each([
  ['before an upgrade', day(10, 11), '16.10'],
  ['before a minor upgrade: AWS may replay it, and never goes back behind it', day(9), '16.8'],
  ['right after an upgrade', day(10, 14), '17.6'],
  ['now', day(30), '17.6'],
  ['before all that is known', day(1), '16.8'],
])('the version %s', (_, at, version) => {
  expect(versionAt(SNAPSHOTS, 'postgres', '17.6', at)).toEqual({ version })
})

it('while it was being upgraded there is none, and both ends are known', () => {
  expect(versionAt(SNAPSHOTS, 'postgres', '17.6', day(10, 12))).toEqual({
    during: { before: day(10, 12), after: day(10, 13) },
  })
  expect(versionAt(SNAPSHOTS.slice(3, 4), 'postgres', '17.6', day(10, 12))).toEqual({
    during: { before: day(10, 12), after: undefined },
  })
})

it('without any snapshot it is the version of now', () => {
  expect(versionAt([], 'postgres', '17.6', day(1))).toEqual({ version: '17.6' })
})
