import type { DBInstance, Event } from '@aws-sdk/client-rds'
import type { Aws } from '../../aws/clients.ts'
import { majorOf } from '../../aws/engine-versions.ts'
import { codeOf } from '../../aws/trouble.ts'
import type { GaveUp } from '../../engine/gave-up.ts'
import type { DbInstanceProps } from './db-instance-facts.ts'

/** RDS keeps events for 14 days; in minutes. */
const KEPT = 14 * 24 * 60
/**
 * How the events of an upgrade begin that RDS did not make (RDS-EVENT-0158, 0188, 0270):
 * docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
 */
const NOT_MADE =
  /state that (cannot|can't) be upgraded|pre-?upgrade checks failed|upgrade failed|unable to upgrade|could not be upgraded/i
/** An upgrade that came after one of those and was made: RDS-EVENT-0268, 0269, 0047. */
const MADE = /upgrade finished|post-upgrade tasks are complete|instance (patched|upgraded)/i

/** Where RDS writes what its checks before a major upgrade have found. */
const LOGS: Readonly<Record<string, string>> = {
  postgres: 'pg_upgrade_precheck.log and pg_upgrade_internal.log',
  mysql: 'PrePatchCompatibility.log and upgradeFailure.log',
  mariadb: 'the error log',
}

/** What is known of an upgrade that is wanted and that RDS is not at. */
export interface Halted {
  readonly idle?: true
  readonly gaveUp?: GaveUp
}

/**
 * RDS checks a server before a major upgrade, and where the checks or the upgrade itself fail, the server is `available` again with
 * the old version, and only an event says so. Asked only where another version is wanted than the one that runs and RDS is at nothing.
 * @param now the version as it is compared
 */
export const haltedUpgrade = async (
  aws: Aws,
  key: string,
  db: DBInstance,
  want: Partial<DbInstanceProps>,
  now: string | undefined,
): Promise<Halted> => {
  const pending = db.PendingModifiedValues?.EngineVersion
  if (want.version === undefined || want.version === now || pending !== undefined || db.DBInstanceStatus !== 'available')
    return {}
  const id = db.DBInstanceIdentifier ?? ''
  const asked = { SourceIdentifier: id, SourceType: 'db-instance' as const, Duration: KEPT, MaxRecords: 100 }
  const told: Event[] = []
  for (let Marker: string | undefined, more = true; more; more = Marker !== undefined) {
    const page = await aws.rds('DescribeEvents', { ...asked, ...(Marker ? { Marker } : {}) }).catch((error: unknown) => {
      // Only to say more: without this permission the wait ends once nothing has happened for some minutes.
      if (/AccessDenied/.test(codeOf(error) ?? '')) return undefined
      throw error
    })
    told.push(...(page?.Events ?? []).filter((e) => NOT_MADE.test(e.Message ?? '') || MADE.test(e.Message ?? '')))
    Marker = page?.Marker
  }
  const newest = told.sort((a, b) => timeOf(a) - timeOf(b)).at(-1)
  const last = newest && !MADE.test(newest.Message ?? '') ? newest : undefined
  return { idle: true, ...(last ? { gaveUp: gaveUp(key, id, db, want.version, last) } : {}) }
}

const timeOf = ({ Date: at }: Event): number => at?.getTime() ?? 0

const gaveUp = (key: string, id: string, db: DBInstance, wanted: string, event: Event): GaveUp => {
  const engine = db.Engine ?? ''
  const step = key === 'db-instance' ? 'infra create rds --retry-upgrade' : 'the same command'
  return {
    at: new Date(timeOf(event)).toISOString(),
    says: `RDS did not upgrade it from ${db.EngineVersion} to ${wanted}: ${(event.Message ?? 'it gave no reason').trim()}`,
    next: `Fix that (more is in its ${LOGS[engine] ?? 'logs'}: aws rds describe-db-log-files --db-instance-identifier ${id}), then: ${step}. To stay with what runs: rds.version: "${majorOf(engine, db.EngineVersion ?? '')}" in infra.yaml`,
  }
}
