import type { Aws } from '../aws/clients.ts'
import { familyOf } from '../aws/engine-versions.ts'
import { KEY_TAG, STACK_TAG, tagMap } from '../aws/tags.ts'
import { refuse } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Node } from '../engine/graph.ts'
import { type Described, describeInstances } from '../rds/instance.ts'
import type { Snapshot } from '../rds/snapshots.ts'
import { declareStack } from './declare.ts'
import { offlineLookups } from './lookups.ts'
import type { Session } from './types.ts'

/** The step of servers made from snapshots. No config has it, so create leaves them alone; destroy takes them down by it. */
export const RESTORED = 'restored'
export const restoredKey = (id: string): string => `${RESTORED}-${id}`

/** What a restored server takes over from its source. */
export type Brought = Pick<Snapshot, 'engine' | 'version' | 'user' | 'port' | 'encrypted' | 'storageType' | 'iops' | 'sizeGb'>

/**
 * A restored server as a resource of the stack: with the settings of the config, but with what its data bring along. It refers to the same network, groups, parameters and secret, so those are not destroyed under it.
 * @param from the properties that record its source, where that is known
 */
export const restoredNode = (s: Session, id: string, has: Brought, from: JsonObject = {}): Node<Aws> => {
  const graph = declareStack(s.config, offlineLookups(s.config, s.state, s.caller.account, s.caller.partition))
  const own = graph.get('db-instance')
  const { databaseName: _, kmsKey: __, iops: ___, ...props } = own?.props ?? {}
  if (!own)
    throw refuse('The stack has no database server', 'a restored one takes its settings', 'Add rds to steps in infra.yaml')
  const key = restoredKey(id)
  const group = defaultGroup(s, has)
  graph.in(RESTORED)(
    own.kind,
    key,
    {
      ...props,
      ...from,
      ...(group === undefined ? {} : { parameterGroup: group }),
      engine: has.engine,
      version: has.version,
      masterUsername: has.user,
      port: has.port,
      encrypted: has.encrypted,
      storageType: has.storageType,
      ...(/^io/.test(has.storageType) && has.iops !== undefined ? { iops: has.iops } : {}),
      allocatedGb: has.sizeGb,
      maxAllocatedGb: Math.max(has.sizeGb, s.config.rds.maxAllocatedGb),
      // What a restore cannot be told is changed right after it, not in the next window.
      applyImmediately: true,
    } as never,
    { name: id },
  )
  return graph.get(key) as Node<Aws>
}

/** AWS's own parameter group, for data of another major version than the stack's parameters are for (from before an upgrade). */
export const defaultGroup = (
  { state }: Session,
  { engine, version }: Pick<Brought, 'engine' | 'version'>,
): string | undefined => {
  const family = state.row('db-parameter-group')?.want.family
  const fits = familyOf(engine, version)
  return typeof family === 'string' && family !== fits ? `default.${fits}` : undefined
}

/** The restored servers in the account, by their tags: for a state that was lost. */
export const restoredInAccount = async (s: Session): Promise<Node<Aws>[]> => {
  const stack = `${s.config.project}/${s.config.environment}`
  const found: Node<Aws>[] = []
  let marker: string | undefined
  do {
    const { DBInstances = [], Marker } = await describeInstances(s.aws, marker)
    for (const db of DBInstances) {
      const id = db.DBInstanceIdentifier ?? ''
      const tags = tagMap(db.TagList)
      if (tags[STACK_TAG] !== stack || tags[KEY_TAG] !== restoredKey(id)) continue
      found.push(restoredNode(s, id, broughtBy(db)))
    }
    marker = Marker
  } while (marker)
  return found
}

/** What a server restored from this one takes over. */
export const broughtBy = (db: Described): Brought => ({
  engine: db.Engine ?? '',
  version: db.EngineVersion ?? '',
  user: db.MasterUsername ?? '',
  port: db.DbInstancePort || (db.Endpoint?.Port ?? 0),
  encrypted: db.StorageEncrypted ?? false,
  storageType: db.StorageType ?? '',
  iops: db.Iops,
  sizeGb: db.AllocatedStorage ?? 0,
})
