import type { DBInstance } from '@aws-sdk/client-rds'

export type Phase = 'ready' | 'pending' | 'failed' | 'deleting'

interface Status {
  readonly phase: Phase
  /** What a person can do, where AWS does not get on without one. `id` is the server's. */
  readonly remedy?: (id: string) => string
}

const ready: Status = { phase: 'ready' }
const pending: Status = { phase: 'pending' }
const lost = (id: string): string =>
  `AWS cannot bring it back. Restore the data beside it: infra db snapshots, then infra db restore <snapshot> --as ${id}-restored`

/**
 * Every status that AWS knows: docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
 * A word that is not here is waited for.
 */
export const STATUSES: Readonly<Record<string, Status>> = {
  available: ready,
  'backing-up': pending,
  'configuring-enhanced-monitoring': pending,
  'configuring-iam-database-auth': pending,
  'configuring-log-exports': pending,
  'converting-to-vpc': pending,
  creating: pending,
  'delete-precheck': pending,
  deleting: { phase: 'deleting' },
  failed: { phase: 'failed', remedy: lost },
  'inaccessible-encryption-credentials': {
    phase: 'failed',
    remedy: (id) => `The KMS key that encrypts it cannot be used any more. ${lost(id)}`,
  },
  'inaccessible-encryption-credentials-recoverable': {
    phase: 'failed',
    remedy: () =>
      'Make the KMS key that encrypts it usable again within 7 days (enable it, cancel its deletion), then: infra db start',
  },
  'incompatible-network': {
    phase: 'failed',
    remedy: (id) =>
      `Free addresses in its subnets and switch on DNS names in the VPC, then let AWS try again: aws rds reboot-db-instance --db-instance-identifier ${id}`,
  },
  'incompatible-option-group': {
    phase: 'failed',
    remedy: (id) =>
      `Put the former option group back: aws rds modify-db-instance --db-instance-identifier ${id} --option-group-name <group>`,
  },
  'incompatible-parameters': {
    phase: 'failed',
    remedy: (id) =>
      `It cannot start with its parameters: aws rds describe-events --source-type db-instance --source-identifier ${id} names them. Set them back in the parameter group, then: infra db reboot`,
  },
  'incompatible-restore': { phase: 'failed', remedy: lost },
  'insufficient-capacity': {
    phase: 'failed',
    remedy: () =>
      'AWS has no capacity for this class in the zone now; nothing is in it yet. Remove it: infra destroy rds --skip-final-snapshot. Then set another rds.instanceClass, or wait some hours, and create it again',
  },
  maintenance: pending,
  modifying: pending,
  'moving-to-vpc': pending,
  rebooting: pending,
  'resetting-master-credentials': pending,
  renaming: pending,
  'restore-error': { phase: 'failed', remedy: lost },
  starting: pending,
  stopped: ready,
  stopping: pending,
  'storage-config-upgrade': pending,
  'storage-full': { phase: 'ready', remedy: () => 'Nothing more can be written: raise rds.allocatedGb, then: infra create rds' },
  // Slower than usual, and usable.
  'storage-initialization': ready,
  'storage-optimization': ready,
  upgrading: pending,
}

/** How the engine takes it. Without an endpoint nobody can use it, unless it sleeps. */
export const phaseOf = (db: DBInstance): Phase => {
  const status = db.DBInstanceStatus ?? ''
  const { phase } = STATUSES[status] ?? pending
  return phase === 'ready' && !db.Endpoint?.Address && status !== 'stopped' ? 'pending' : phase
}

/** What a person can do about its status; undefined where there is nothing to do. */
export const remedyOf = (db: DBInstance): string | undefined =>
  STATUSES[db.DBInstanceStatus ?? '']?.remedy?.(db.DBInstanceIdentifier ?? '')

/** AWS's status word. A server that was stopped comes back by itself: on which day is worth a word on every screen. */
export const noteOf = (db: DBInstance): string => {
  const status = db.DBInstanceStatus ?? 'unknown'
  if (status !== 'stopped') return status
  const at = db.AutomaticRestartTime
  return `stopped; AWS starts it again ${at ? `on ${at.toISOString().slice(0, 10)}` : 'within 7 days'}`
}
