import { describe, expect, it } from 'vitest'
import { phaseOf, remedyOf, STATUSES } from '../../../src/kinds/rds/db-instance-status.ts'

const Endpoint = { Address: 'db.example.com', Port: 5432 }
/** AWS's whole table: docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html, and how each word is taken. */
const TABLE: [string, string][] = [
  ['available', 'ready'],
  ['backing-up', 'pending'],
  ['configuring-enhanced-monitoring', 'pending'],
  ['configuring-iam-database-auth', 'pending'],
  ['configuring-log-exports', 'pending'],
  ['converting-to-vpc', 'pending'],
  ['creating', 'pending'],
  ['delete-precheck', 'pending'],
  ['deleting', 'deleting'],
  ['failed', 'failed, needs action'],
  ['inaccessible-encryption-credentials', 'failed, needs action'],
  ['inaccessible-encryption-credentials-recoverable', 'failed, needs action'],
  ['incompatible-network', 'failed, needs action'],
  ['incompatible-option-group', 'failed, needs action'],
  ['incompatible-parameters', 'failed, needs action'],
  ['incompatible-restore', 'failed, needs action'],
  ['insufficient-capacity', 'failed, needs action'],
  ['maintenance', 'pending'],
  ['modifying', 'pending'],
  ['moving-to-vpc', 'pending'],
  ['rebooting', 'pending'],
  ['renaming', 'pending'],
  ['resetting-master-credentials', 'pending'],
  ['restore-error', 'failed, needs action'],
  ['starting', 'pending'],
  ['stopped', 'ready'],
  ['stopping', 'pending'],
  ['storage-config-upgrade', 'pending'],
  ['storage-full', 'ready, needs action'],
  ['storage-initialization', 'ready'],
  ['storage-optimization', 'ready'],
  ['upgrading', 'pending'],
]

describe('statuses of a DB instance', () => {
  it.each(TABLE)('%s: %s', (DBInstanceStatus, expected) => {
    const db = { DBInstanceIdentifier: 'shop-db', DBInstanceStatus, Endpoint }
    expect(`${phaseOf(db)}${remedyOf(db) ? ', needs action' : ''}`).toBe(expected)
  })

  it('knows all that AWS names, and takes a word of next year as something under way', () => {
    expect(Object.keys(STATUSES).sort()).toEqual(TABLE.map(([word]) => word).sort())
    expect([phaseOf({ DBInstanceStatus: 'a word of next year', Endpoint }), phaseOf({})]).toEqual(['pending', 'pending'])
  })

  it('available without an endpoint cannot be used yet; stopped has none', () => {
    expect(phaseOf({ DBInstanceStatus: 'available' })).toBe('pending')
    expect(phaseOf({ DBInstanceStatus: 'stopped' })).toBe('ready')
  })

  it('names what can be done where AWS does not get on by itself', () => {
    expect(remedyOf({ DBInstanceStatus: 'insufficient-capacity' })).toContain('set another rds.instanceClass, or wait some hours')
    expect(remedyOf({ DBInstanceStatus: 'failed', DBInstanceIdentifier: 'shop-db' })).toContain('--as shop-db-restored')
    expect(remedyOf({ DBInstanceStatus: 'inaccessible-encryption-credentials-recoverable' })).toContain('infra db start')
  })
})
