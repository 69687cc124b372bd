import type {
  Deployment,
  Facts,
  Failover,
  HandedOver,
  KnownParameters,
  ManualCount,
  Overlay,
  PausedLimits,
  PendingRollout,
  ServiceRecord,
  Sleeping,
  Suspended,
} from './memory.ts'
import type { Row, Scheduled, StateFile } from './schema.ts'
import { anything, type Check, flag, list, number, object, oneOf, optional, orNull, record, text, time, yes } from './shape.ts'

const facts: Check = object<Facts>({
  zones: optional(list(text)),
  network: optional(object<NonNullable<Facts['network']>>({ vpcId: text, subnetIds: list(text) })),
  callerCidr: optional(text),
  engineVersion: optional(text),
  parameters: optional(object<KnownParameters>({ family: text, known: list(text), static: list(text) })),
  bastionType: optional(text),
  bastionImage: optional(object<NonNullable<Facts['bastionImage']>>({ architecture: text, id: text })),
})

const overlay: Check = object<Overlay>({
  image: optional(text),
  environment: optional(record(text)),
  secrets: optional(record(text)),
  unset: optional(list(text)),
  since: object<Overlay['since']>({ image: optional(orNull(text)), variables: record(orNull(text)) }),
})

const deployment: Check = object<Deployment>({
  revision: text,
  from: optional(text),
  image: optional(text),
  at: time,
  by: text,
  how: oneOf('deploy', 'rollback', 'force', 'found'),
  healthy: optional(flag),
  changes: list(text),
  left: optional(flag),
  overlay: optional(overlay),
})

const rollout: Check = object<PendingRollout>({
  revision: text,
  from: text,
  image: optional(text),
  at: time,
  by: text,
  how: oneOf('deploy', 'rollback', 'force'),
  changes: list(text),
  base: optional(text),
  deployment: optional(text),
  overlay: optional(overlay),
  before: optional(overlay),
})

const service: Check = object<ServiceRecord>({
  history: optional(list(deployment)),
  pending: optional(rollout),
  overlay: optional(overlay),
  awaitsImage: optional(yes),
  count: optional(object<ManualCount>({ count: number, since: number, at: time, by: text })),
  autoscaling: optional(
    object<PausedLimits>({
      min: number,
      suspended: object<Suspended>({ in: flag, out: flag, scheduled: flag }),
      at: time,
    }),
  ),
  sleep: optional(
    object<Sleeping>({
      count: number,
      since: number,
      set: optional(number),
      paused: optional(flag),
      down: optional(flag),
      at: time,
      by: text,
    }),
  ),
})

/** All that the engine relies on: a row that lacks some of it would fail in the middle of a run, after the first calls. */
const row: Check = object<Row>({
  type: text,
  step: text,
  name: text,
  is: oneOf('creating', 'ready', 'deleting'),
  want: anything,
  attrs: optional(anything),
  deps: list(text),
  token: text,
  at: time,
  tags: optional(record(text)),
  took: optional(number),
  scheduled: optional(
    list(object<Scheduled>({ prop: text, from: () => undefined, to: () => undefined, when: text, at: optional(time) })),
  ),
  adopted: optional(flag),
  generation: optional(text),
  replaced: optional(text),
})

/** A whole file of the format that this version writes. */
export const stateFile: Check = object<StateFile>({
  format: number,
  project: text,
  environment: text,
  account: text,
  region: text,
  sandbox: flag,
  lineage: text,
  serial: number,
  facts,
  services: record(service),
  handedOver: optional(object<HandedOver>({ path: text, at: time })),
  failover: optional(object<Failover>({ server: text, from: text, at: time })),
  resources: record(row),
})
