import { describe, expect, it } from 'vitest'
import {
  compareVersions,
  familyOf,
  fits,
  forcesTlsByDefault,
  majorOf,
  supportOf,
  vcpusOf,
} from '../../src/aws/engine-versions.ts'

const day = (text: string) => new Date(`${text}T12:00:00Z`)

describe('versions of engines', () => {
  it.each([
    ['postgres', '16.10', '16', 'postgres16'],
    ['postgres', '17', '17', 'postgres17'],
    ['mysql', '8.0.43', '8.0', 'mysql8.0'],
    ['mysql', '8.4', '8.4', 'mysql8.4'],
  ])('%s %s is of the major version %s, its parameters of %s', (engine, version, major, family) => {
    expect([majorOf(engine, version), familyOf(engine, version)]).toEqual([major, family])
  })

  it('force TLS by their default parameters from PostgreSQL 15 on', () => {
    expect(['14.18', '15.2', '16.10'].filter((version) => forcesTlsByDefault('postgres', version))).toEqual(['15.2', '16.10'])
    expect(forcesTlsByDefault('mysql', '8.4.6')).toBe(false)
  })

  it('are compared by number, and fit what is their begin', () => {
    expect(['16.10', '16.9', '17', '8.0.43', '16'].sort(compareVersions)).toEqual(['8.0.43', '16', '16.9', '16.10', '17'])
    expect([fits('16.10', '16'), fits('16.10', '16.1'), fits('16.1', '16.1'), fits('160.1', '16')]).toEqual([
      true,
      false,
      true,
      false,
    ])
  })
})

describe('support of a version', () => {
  it.each([
    ['postgres', '13.22', '2025-06-01', 'standard', undefined],
    ['postgres', '13.22', '2025-10-01', 'soon', undefined],
    ['postgres', '13.22', '2026-02-28', 'soon', undefined],
    ['postgres', '13.22', '2026-03-01', 'extended', 'rds.extended-support'],
    ['postgres', '13.22', '2028-03-01', 'extended', 'rds.extended-support.year3'],
    // Of PostgreSQL 11 the first month was free.
    ['postgres', '11.22', '2024-03-15', 'extended', undefined],
    ['postgres', '11.22', '2024-04-01', 'extended', 'rds.extended-support'],
    ['mysql', '5.7.44', '2026-03-01', 'extended', 'rds.extended-support.year3'],
    ['mysql', '8.0.43', '2026-07-31', 'soon', undefined],
    ['mysql', '8.0.43', '2026-08-01', 'extended', 'rds.extended-support'],
    ['mysql', '8.4.6', '2026-11-30', 'standard', undefined],
    ['postgres', '18.1', '2026-11-30', 'standard', undefined],
  ])('%s %s on %s: %s, price %s', (engine, version, at, phase, price) => {
    expect(supportOf(engine, version, day(at))).toMatchObject({ phase, price })
  })

  it('is not guessed for versions that are not in the calendar', () => {
    expect(supportOf('postgres', '19.1', day('2026-11-30'))).toBeUndefined()
    expect(supportOf('postgres', '9.6', day('2026-11-30'))).toBeUndefined()
  })

  it('knows every major version from PostgreSQL 11 and MySQL 5.7 on, each in its order', () => {
    for (const [engine, version] of [11, 12, 13, 14, 15, 16, 17, 18]
      .map((v) => ['postgres', `${v}.1`] as const)
      .concat([
        ['mysql', '5.7.44'],
        ['mysql', '8.0.1'],
        ['mysql', '8.4.1'],
      ] as never)) {
      const s = supportOf(engine, version, day('2026-11-30'))
      const order = [s?.standardUntil, s?.chargedFrom, s?.doubledFrom, s?.extendedUntil]
      expect(order.every(Boolean) && [...order].sort().join() === order.join(), `${engine} ${version}`).toBe(true)
    }
  })
})

it.each([
  ['db.t4g.micro', 2],
  ['db.t3.large', 2],
  ['db.t2.micro', 1],
  ['db.m7g.large', 2],
  ['db.m7g.xlarge', 4],
  ['db.r6i.16xlarge', 64],
  ['db.x2g.metal', undefined],
])('%s has %s virtual CPUs', (instanceClass, vcpus) => {
  expect(vcpusOf(instanceClass)).toBe(vcpus)
})
