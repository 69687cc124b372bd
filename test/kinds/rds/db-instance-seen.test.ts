import type { DBInstance } from '@aws-sdk/client-rds'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/core/json.ts'
import { differing } from '../../../src/engine/compare.ts'
import { expected, inWords } from '../../../src/engine/scheduled.ts'
import type { DbInstanceProps } from '../../../src/kinds/rds/db-instance-facts.ts'
import { chargedOf, propsOf, scheduledOf, warningsOf } from '../../../src/kinds/rds/db-instance-seen.ts'
import { database, instance } from '../fixtures/db-instance.ts'

/** What differs when RDS shows `shown` and `wanted` is wanted. */
const diff = (shown: Partial<DBInstance>, wanted: Partial<DbInstanceProps> = {}): string[] => {
  const want = { ...database, ...wanted }
  return differing(propsOf({ ...instance, ...shown }, want), want)
}

describe('what is scheduled', () => {
  const at = new Date('2026-11-30T20:00:00Z') // a Monday
  const look = (shown: Partial<DBInstance>, wanted: Partial<DbInstanceProps> = {}) => {
    const want = { ...database, applyImmediately: false, ...wanted }
    const db = { ...instance, ...shown }
    const props = propsOf(db, want)
    const scheduled = scheduledOf(db, want, props, { at, restart: 'infra db reboot' })
    const seen = { is: 'ready' as const, attrs: {}, props: props as JsonObject, scheduled }
    return { scheduled, words: scheduled.map(inWords), differs: differing(expected(seen), want) }
  }
  const window = 'in the maintenance window on Sun 2026-12-06 at 04:00 UTC'

  it('is neither made nor a difference: both values and the day are told', () => {
    const later = {
      DBInstanceClass: 'db.t4g.large',
      AllocatedStorage: 40,
      StorageType: 'io1',
      MultiAZ: true,
      BackupRetentionPeriod: 0,
    }
    const wanted = { instanceClass: 'db.t4g.large', allocatedGb: 40, storageType: 'io1', multiAz: true, backupRetentionDays: 0 }
    expect(look({}, wanted).differs.sort()).toEqual(Object.keys(wanted).sort())
    const { scheduled, words, differs } = look({ PendingModifiedValues: later }, wanted)
    expect(differs).toEqual([])
    expect(scheduled[0]).toEqual({
      prop: 'instanceClass',
      from: 'db.t4g.small',
      to: 'db.t4g.large',
      when: window,
      at: '2026-12-06T04:00:00.000Z',
    })
    expect(words).toEqual([
      `instanceClass: db.t4g.small -> db.t4g.large, ${window}`,
      `allocatedGb: 20 -> 40, ${window}`,
      `storageType: gp3 -> io1, ${window}`,
      `multiAz: false -> true, ${window}`,
      `backupRetentionDays: 7 -> 0, ${window}`,
    ])
  })

  it('and is no longer wanted: a difference, so that it is taken back', () => {
    expect(look({ PendingModifiedValues: { DBInstanceClass: 'db.t4g.large' } }).differs).toEqual(['instanceClass'])
  })

  it('and is wanted at once: AWS is at it or has to be asked, so what is now counts', () => {
    const at = { instanceClass: 'db.t4g.large', applyImmediately: true }
    const { scheduled, differs } = look({ PendingModifiedValues: { DBInstanceClass: 'db.t4g.large' } }, at)
    expect([scheduled, differs]).toEqual([[], ['instanceClass']])
    const strange = look({ PendingModifiedValues: { MultiAZ: true } }, { applyImmediately: true })
    expect(strange.differs).toEqual(['multiAz'])
  })

  it('a new major version comes with the parameter group of its family, which AWS does not name', () => {
    const upgrade = { version: '17.6', parameterGroup: 'shop-dev-parameters-17' }
    const { scheduled, differs } = look({ PendingModifiedValues: { EngineVersion: '17.6' } }, upgrade)
    expect(differs).toEqual([])
    expect(scheduled.map((s) => [s.prop, s.from, s.to])).toEqual([
      ['version', '16.4', '17.6'],
      ['parameterGroup', 'shop-dev-parameters', 'shop-dev-parameters-17'],
    ])
    const minor = look({ PendingModifiedValues: { EngineVersion: '16.9' } }, { version: '16.9', parameterGroup: 'other' })
    expect(minor.differs).toEqual(['parameterGroup'])
  })

  it('static parameters wait for a restart that somebody asks for', () => {
    const DBParameterGroups = [{ DBParameterGroupName: 'shop-dev-parameters', ParameterApplyStatus: 'pending-reboot' }]
    const { words, differs } = look({ DBParameterGroups })
    expect([words, differs]).toEqual([['parameters, at the next restart: infra db reboot'], []])
  })
})

describe('the support of its version', () => {
  const at = new Date('2026-11-30T20:00:00Z')
  const told = (EngineVersion: string, EngineLifecycleSupport: string, more: Partial<DBInstance> = {}) =>
    warningsOf({ ...instance, EngineVersion, EngineLifecycleSupport, ...more }, at)
  const [ON, OFF] = ['open-source-rds-extended-support', 'open-source-rds-extended-support-disabled']

  it('is worth no word while standard support lasts, or where the version is not in the calendar', () => {
    expect([told('16.4', ON), told('19.1', ON)]).toEqual([[], []])
  })

  it('says what is charged, what will be, and where AWS upgrades on its own terms', () => {
    expect(told('13.22', ON)).toEqual([
      'standard support for postgres 13 ended on 2026-02-28: Extended Support is charged (about $146.00 a month), and cannot be switched off. A newer rds.version upgrades it when you choose',
    ])
    expect(told('13.22', ON, { MultiAZ: true })[0]).toContain('$292.00')
    expect(told('13.22', OFF)[0]).toContain('AWS upgrades the server to a newer major version in a maintenance window')
    expect(told('14.19', ON)[0]).toContain('ends on 2027-02-28: from 2027-03-01 on Extended Support is charged')
    expect(told('14.19', OFF)[0]).toContain('after that AWS upgrades the server')
  })

  it('is charged as AWS has it, whatever the config says: it cannot be changed', () => {
    const paid = (EngineLifecycleSupport: string) =>
      chargedOf({ ...instance, EngineLifecycleSupport }, propsOf(instance, database))
    expect([paid(ON), paid(OFF)]).toEqual([{ extendedSupport: true }, { extendedSupport: false }])
  })
})

it('storage that has grown without being told to is what is paid for', () => {
  const paid = (AllocatedStorage: number) =>
    chargedOf({ ...instance, AllocatedStorage }, propsOf({ ...instance, AllocatedStorage }, database))
  expect([paid(20), paid(35)]).toEqual([undefined, { allocatedGb: 35 }])
})

describe('propsOf', () => {
  it('as wanted differs in nothing', () => {
    expect(diff({})).toEqual([])
  })

  it.each([
    ['postgres', '16.4', '16.9', []],
    ['postgres', '16', '16.9', []],
    ['postgres', '16.9', '16.4', ['version']],
    ['postgres', '17.1', '16.9', ['version']],
    ['postgres', '16.4', '17.1', ['version']],
    ['mysql', '8.0.35', '8.0.40', []],
    ['mysql', '8.0.40', '8.0.35', ['version']],
    ['mysql', '8.4.3', '8.0.40', ['version']],
    ['mariadb', '10.11.8', '10.6.18', ['version']],
  ] as const)('%s: wanted %s, running %s: differs %j', (engine, version, EngineVersion, expected) => {
    expect(diff({ Engine: engine, EngineVersion }, { engine, version })).toEqual(expected)
  })

  it('takes storage that autoscaling has grown as wanted, and a wish for more as a difference', () => {
    expect(diff({ AllocatedStorage: 35 })).toEqual([])
    expect(diff({ AllocatedStorage: 35 }, { allocatedGb: 40 })).toEqual(['allocatedGb'])
  })

  it('sees that autoscaling of storage was switched on or off', () => {
    const { MaxAllocatedStorage: _, ...fixed } = instance
    const off = (wanted: Partial<DbInstanceProps>, shown: DBInstance = fixed): string[] => {
      const want = { ...database, ...wanted }
      return differing(propsOf(shown, want), want)
    }
    expect(off({ maxAllocatedGb: 50 })).toEqual(['maxAllocatedGb'])
    expect(off({ maxAllocatedGb: 20 })).toEqual([])
    expect(off({ maxAllocatedGb: 20 }, { ...fixed, AllocatedStorage: 35 })).toEqual([])
    expect(diff({}, { maxAllocatedGb: 20 })).toEqual(['maxAllocatedGb'])
  })

  it('compares the port that was asked for, where AWS tells it: an endpoint may show another one', () => {
    const Endpoint = { Address: '127.0.0.1', Port: 40123 }
    expect(diff({ Endpoint, DbInstancePort: 5432 })).toEqual([])
    expect(diff({ Endpoint, DbInstancePort: 0 })).toEqual(['port'])
    expect(diff({ DbInstancePort: 0 })).toEqual([])
  })

  it('does not mind the order of security groups, nor the case of the window', () => {
    const reversed = [...(instance.VpcSecurityGroups ?? [])].reverse()
    expect(diff({ VpcSecurityGroups: reversed })).toEqual([])
    expect(diff({ VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-a' }] })).toEqual(['securityGroupIds'])
    expect(diff({ PreferredMaintenanceWindow: 'sun:05:00-sun:06:00' })).toEqual(['maintenanceWindow'])
  })

  it('says nothing of what the answer does not tell: while creating most is missing', () => {
    expect(propsOf({ DBInstanceIdentifier: 'x', DBInstanceStatus: 'creating' }, database)).toEqual({})
  })
})
