import type { DBInstance } from '@aws-sdk/client-rds'
import { describe, expect, it } from 'vitest'
import { differing } from '../../../src/engine/compare.ts'
import { costOf, type DbInstanceProps, phaseOf, propsOf } from '../../../src/kinds/rds/db-instance-facts.ts'
import { database, instance } from '../fixtures/db-instance.ts'

/** What differs when RDS shows `shown` and `wanted` is wanted. */
const diff = (shown: Partial<DBInstance>, wanted: Partial<DbInstanceProps> = {}): string[] => {
  const want = { ...database, ...wanted }
  return differing(propsOf({ ...instance, ...shown }, want), want)
}

describe('phaseOf', () => {
  const Endpoint = { Address: 'db.example.com', Port: 5432 }
  it.each([
    ['available', 'ready'],
    ['storage-optimization', 'ready'],
    ['storage-full', 'ready'],
    ['stopped', 'ready'],
    ['creating', 'pending'],
    ['backing-up', 'pending'],
    ['modifying', 'pending'],
    ['rebooting', 'pending'],
    ['starting', 'pending'],
    ['configuring-enhanced-monitoring', 'pending'],
    ['upgrading', 'pending'],
    ['a word of next year', 'pending'],
    ['', 'pending'],
    ['deleting', 'deleting'],
    ['failed', 'failed'],
    ['restore-error', 'failed'],
    ['incompatible-network', 'failed'],
    ['incompatible-parameters', 'failed'],
    ['inaccessible-encryption-credentials', 'failed'],
    ['inaccessible-encryption-credentials-recoverable', 'failed'],
  ])('%s is %s', (DBInstanceStatus, phase) => {
    expect(phaseOf({ DBInstanceStatus, Endpoint })).toBe(phase)
  })

  it('available without an endpoint cannot be used yet; stopped has none', () => {
    expect(phaseOf({ DBInstanceStatus: 'available' })).toBe('pending')
    expect(phaseOf({ DBInstanceStatus: 'stopped' })).toBe('ready')
    expect(phaseOf({})).toBe('pending')
  })
})

describe('propsOf', () => {
  it('as wanted differs in nothing', () => {
    expect(diff({})).toEqual([])
  })

  it('counts what waits for the maintenance window as made', () => {
    const later = {
      DBInstanceClass: 'db.t4g.large',
      AllocatedStorage: 40,
      StorageType: 'io1',
      MultiAZ: true,
      BackupRetentionPeriod: 30,
    }
    const wanted = { instanceClass: 'db.t4g.large', allocatedGb: 40, storageType: 'io1', multiAz: true, backupRetentionDays: 30 }
    expect(diff({}, wanted).sort()).toEqual(Object.keys(wanted).sort())
    expect(diff({ PendingModifiedValues: later }, wanted)).toEqual([])
  })

  it('counts a pending change that is no longer wanted as a difference', () => {
    expect(diff({ PendingModifiedValues: { DBInstanceClass: 'db.t4g.large' } })).toEqual(['instanceClass'])
  })

  it.each([
    ['postgres', '16.4', '16.9', []],
    ['postgres', '16', '16.9', []],
    ['postgres', '17.1', '16.9', ['version']],
    ['mysql', '8.0.35', '8.0.40', []],
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

describe('costOf', () => {
  const cost = (wanted: Partial<DbInstanceProps>) => costOf({ ...database, monitoringInterval: 0, ...wanted }, 'us-east-1')
  it('is class and storage, doubled with a standby', () => {
    const [single, storage] = cost({})
    const [twice, storageTwice] = cost({ multiAz: true })
    expect(single).toEqual({ what: 'db.t4g.small', usd: 0.032 * 730 })
    expect(storage).toEqual({ what: '20 GB gp3', usd: 0.115 * 20 })
    expect(twice?.usd).toBeCloseTo(2 * 0.032 * 730)
    expect(storageTwice?.usd).toBeCloseTo(2 * 0.115 * 20)
    expect(twice?.what).toContain('Multi-AZ')
  })

  it('names a class that is not in the table instead of hiding it', () => {
    expect(cost({ instanceClass: 'db.x9.huge' })[0]).toMatchObject({
      usd: 0,
      plusUsage: expect.stringContaining('not in the table'),
    })
  })

  it('adds enhanced monitoring when it is on', () => {
    expect(cost({ monitoringInterval: 60 }).map((c) => c.what)).toContain('enhanced monitoring')
  })
})
