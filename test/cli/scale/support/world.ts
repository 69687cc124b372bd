import pc from 'picocolors'
import { type Aws, pass } from '../../../../src/aws/clients.ts'
import { classify } from '../../../../src/aws/trouble.ts'
import { InfraError } from '../../../../src/core/errors.ts'
import type { JsonObject } from '../../../../src/core/json.ts'
import { differing } from '../../../../src/engine/compare.ts'
import type { AnySeen } from '../../../../src/engine/kind.ts'
import { overview } from '../../../../src/engine/overview.ts'
import { knownProps, resolve } from '../../../../src/engine/ref.ts'
import { declareStack } from '../../../../src/session/declare.ts'
import { offlineLookups } from '../../../../src/session/lookups.ts'
import { placeOf, type ServiceFlags, type ServicePlace } from '../../../../src/session/service.ts'
import type { Session } from '../../../../src/session/session.ts'
import type { Backend } from '../../../../src/state/backend.ts'
import { NO_MEMORY, type Services } from '../../../../src/state/memory.ts'
import type { Row } from '../../../../src/state/schema.ts'
import { FORMAT } from '../../../../src/state/schema.ts'
import { StoredState } from '../../../../src/state/store.ts'
import type { Io } from '../../../../src/ui/io.ts'
import { read } from '../../../config/support/read.ts'
import { fakeAws } from '../../../support/models/fake.ts'
import { quick } from './quick.ts'

export const CLUSTER = 'shop-dev-cluster'
const ACCOUNT = '123456789012'

/** Two services, one with autoscaling, one that was scaled to nothing, and a database. */
export const CONFIG = `project: shop
environment: dev
region: us-east-1
steps: [vpc, security-groups, secrets, rds, ecs, autoscaling]
securityGroups: { bastionCidr: none }
vpc: { nat: single }
ecs:
  services:
    web: { image: "nginx:1", desired: 2, cpu: 256, memory: 512, autoscaling: { min: 1, max: 4, cpuPercent: 70 } }
    worker: { image: "nginx:1", desired: 3, cpu: 256, memory: 512 }
    idle: { image: "nginx:1", desired: 0, cpu: 256, memory: 512 }
`

export interface Playing {
  desired: number
  running: number
  /** What its next tasks come to. */
  ends: 'running' | { stoppedReason: string }
  stopped: string[]
}
export interface Limits {
  min: number
  max: number
  suspended: { in: boolean; out: boolean; scheduled: boolean }
}

/** What ends a run: it is not heard from again, and neither is the account. */
export class Killed extends Error {}

/** An account that keeps its numbers, and the state of a stack in it. */
export class World {
  readonly services = new Map<string, Playing>()
  readonly targets = new Map<string, Limits>()
  server: string | undefined = 'available'
  replicas: string[] = []
  /** Every call that changed something, and every write of the state. */
  writes: string[] = []
  calls: string[] = []
  /** Ends the run at this write, before or after it has taken effect. */
  kill: { at: number; when: 'before' | 'after' } | undefined
  refused: Record<string, Error> = {}
  text: string | undefined
  /** Set where the services stand behind a load balancer: its deregistration delay. */
  drainSeconds: number | undefined
  dead = false

  count(name: string, desired: number): void {
    this.services.set(name, { desired, running: desired, ends: 'running', stopped: [] })
  }
  limits(name: string, min: number, max: number, suspended = { in: false, out: false, scheduled: false }): void {
    this.targets.set(`service/${CLUSTER}/${name}`, { min, max, suspended })
  }
  numbers(): Record<string, number> {
    return Object.fromEntries([...this.services].map(([name, s]) => [name.replace('shop-dev-', ''), s.desired]))
  }
  target(name: string): Limits | undefined {
    return this.targets.get(`service/${CLUSTER}/${name}`)
  }
  state(): { services: Services; resources: Record<string, Row> } {
    return JSON.parse(this.text ?? '{}')
  }
  revive(): void {
    this.dead = false
    this.kill = undefined
    this.writes = []
    this.calls = []
  }

  /** One that counts: it may be the last thing that happens. */
  change<T>(what: string, effect: () => T): T {
    if (this.dead) throw new Killed(what)
    this.writes.push(what)
    const last = this.kill?.at === this.writes.length
    if (last && this.kill?.when === 'before') {
      this.dead = true
      throw new Killed(what)
    }
    const result = effect()
    if (last) {
      this.dead = true
      throw new Killed(what)
    }
    return result
  }

  readonly backend: Backend = {
    place: 'memory',
    read: async () => this.text,
    write: async (text) =>
      this.change('state', () => {
        this.text = text
      }),
    lock: async () => ({ release: async () => undefined }) as never,
    leave: async () => undefined,
    holder: async () => undefined,
    unlock: async () => undefined,
  }

  readonly aws: Aws = fakeAws(
    new Proxy(
      {},
      { get: (_, service) => (service === 'then' ? undefined : async (op: string, input: never) => this.#answer(op, input)) },
    ),
  )

  #answer(op: string, input: Record<string, unknown>): unknown {
    if (this.dead) throw new Killed(op)
    this.calls.push(op)
    const refused = this.refused[op]
    if (refused) throw refused
    const name = String(input.service ?? input.serviceName ?? '')
    switch (op) {
      case 'DescribeServices':
        return { services: (input.services as string[]).flatMap((n) => this.#shown(n)) }
      case 'DescribeTaskDefinition':
        return { taskDefinition: DEFINITION }
      case 'DescribeTargetGroupAttributes':
        return { Attributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: String(this.drainSeconds) }] }
      case 'DescribeTargetHealth':
        return { TargetHealthDescriptions: [] }
      case 'UpdateService':
        return this.change(`${name} ${input.desiredCount}`, () => {
          const s = this.services.get(name)
          if (s) s.desired = Number(input.desiredCount)
          this.#lifts()
          return { service: this.#shown(name)[0] }
        })
      case 'ListTasks':
        return { taskArns: input.desiredStatus === 'STOPPED' ? (this.services.get(name)?.stopped ?? []) : [] }
      case 'DescribeTasks':
        return { tasks: (input.tasks as string[]).map((taskArn) => this.#task(taskArn)) }
      case 'DescribeScalableTargets':
        return {
          ScalableTargets: (input.ResourceIds as string[]).flatMap((ResourceId) => {
            const t = this.targets.get(ResourceId)
            return t ? [{ ResourceId, MinCapacity: t.min, MaxCapacity: t.max, SuspendedState: suspension(t) }] : []
          }),
        }
      case 'RegisterScalableTarget': {
        const id = String(input.ResourceId)
        const said: { MinCapacity?: number; SuspendedState?: Record<string, boolean> } = input
        return this.change(`target ${id.split('/')[2]} ${said.MinCapacity}`, () => {
          const t = this.targets.get(id)
          if (!t) throw new Error(`${id} is not registered`)
          if (said.MinCapacity !== undefined) t.min = said.MinCapacity
          if (said.SuspendedState)
            t.suspended = {
              in: said.SuspendedState.DynamicScalingInSuspended === true,
              out: said.SuspendedState.DynamicScalingOutSuspended === true,
              scheduled: said.SuspendedState.ScheduledScalingSuspended === true,
            }
          this.#lifts()
          return {}
        })
      }
      case 'DescribeDBInstances':
        return {
          DBInstances:
            this.server === undefined
              ? []
              : [{ ...SERVER, DBInstanceStatus: this.server, ReadReplicaDBInstanceIdentifiers: this.replicas }],
        }
      case 'StopDBInstance':
        return this.change('server stop', () => {
          const busy = [...this.services].filter(([, s]) => s.running > 0).map(([n]) => n)
          if (busy.length > 0) throw new Error(`the database goes while ${busy.join()} still run`)
          this.server = 'stopped'
          return {}
        })
      case 'StartDBInstance':
        return this.change('server start', () => {
          this.server = 'available'
          return {}
        })
      default:
        throw new Error(`unexpected call: ${op}`)
    }
  }

  /** AWS brings a number below the minimum up to it, whatever is suspended. */
  #lifts(): void {
    for (const [id, t] of this.targets) {
      const s = this.services.get(id.split('/')[2] ?? '')
      if (s && s.desired < t.min) s.desired = t.min
    }
  }

  #shown(name: string): object[] {
    const s = this.services.get(name)
    if (!s) return []
    if (s.ends === 'running' || s.desired < s.running) s.running = s.desired
    else if (s.desired > s.running && s.stopped.length === 0)
      s.stopped.push(`arn:aws:ecs:us-east-1:${ACCOUNT}:task/${CLUSTER}/${name}-1`)
    return [
      {
        serviceName: name,
        serviceArn: `arn:aws:ecs:us-east-1:${ACCOUNT}:service/${CLUSTER}/${name}`,
        clusterArn: `arn:aws:ecs:us-east-1:${ACCOUNT}:cluster/${CLUSTER}`,
        status: 'ACTIVE',
        desiredCount: s.desired,
        runningCount: s.running,
        pendingCount: 0,
        launchType: 'FARGATE',
        ...(this.drainSeconds === undefined ? {} : { loadBalancers: [{ targetGroupArn: `arn:tg/${name}` }] }),
        taskDefinition: DEFINITION.taskDefinitionArn,
        deployments: [
          { id: `ecs-svc/${name}`, status: 'PRIMARY', taskDefinition: DEFINITION.taskDefinitionArn, rolloutState: 'COMPLETED' },
        ],
        events: [],
      },
    ]
  }

  #task(taskArn: string): object {
    const name = taskArn.split('/').at(-1)?.replace(/-1$/, '') ?? ''
    const ends = this.services.get(name)?.ends
    return {
      taskArn,
      startedBy: `ecs-svc/${name}`,
      taskDefinitionArn: DEFINITION.taskDefinitionArn,
      lastStatus: 'STOPPED',
      desiredStatus: 'STOPPED',
      stopCode: 'TaskFailedToStart',
      stoppedReason: typeof ends === 'object' ? ends.stoppedReason : '',
      containers: [],
    }
  }
}

const suspension = ({ suspended: s }: Limits): object => ({
  DynamicScalingInSuspended: s.in,
  DynamicScalingOutSuspended: s.out,
  ScheduledScalingSuspended: s.scheduled,
})

const DEFINITION = {
  taskDefinitionArn: `arn:aws:ecs:us-east-1:${ACCOUNT}:task-definition/shop-dev-web:1`,
  family: 'shop-dev-web',
  cpu: '256',
  memory: '512',
  containerDefinitions: [{ name: 'web', image: 'nginx:1', essential: true }],
}
const SERVER = {
  DBInstanceIdentifier: 'shop-dev-db',
  Engine: 'postgres',
  EngineVersion: '16.4',
  DBInstanceClass: 'db.t4g.small',
  StorageType: 'gp3',
  AllocatedStorage: 20,
}

const row = (type: string, step: string, name: string, want: JsonObject, attrs: JsonObject): Row => ({
  type,
  step,
  name,
  is: 'ready',
  want,
  attrs,
  deps: [],
  token: 't',
  at: '2026-11-22T00:00:00.000Z',
})

const serviceRow = (key: string, desired: number): Row =>
  row(
    'ecs.service',
    'ecs',
    `shop-dev-${key}`,
    { desired, cluster: CLUSTER },
    { id: `shop-dev-${key}`, arn: 'x', cluster: CLUSTER, desired },
  )

/** As `infra create` leaves it: every number as the config says. */
export const made = async (config = CONFIG, { rds = true } = {}): Promise<World> => {
  const w = new World()
  const { ecs } = read(config)
  const resources: Record<string, Row> = {
    'nat-gateway': row('ec2.nat-gateway', 'vpc', 'shop-dev-nat', {}, { id: 'nat-1' }),
    'database-secret': row('secretsmanager.secret', 'secrets', 'shop', {}, { arn: 'arn:secret' }),
    ...(rds
      ? {
          'db-instance': row(
            'rds.db-instance',
            'rds',
            'shop-dev-db',
            { monitoringInterval: 60 },
            { id: 'shop-dev-db', arn: 'x' },
          ),
        }
      : {}),
  }
  if (!rds) w.server = undefined
  for (const [key, s] of Object.entries(ecs.services)) {
    const name = `shop-dev-${key}`
    w.count(name, s.desired)
    resources[`${key}-service`] = serviceRow(key, s.desired)
    if (!s.autoscaling) continue
    const { min, max } = s.autoscaling
    const resourceId = `service/${CLUSTER}/${name}`
    w.limits(name, min, max)
    resources[`${key}-scaling-target`] = row(
      'autoscaling.target',
      'autoscaling',
      resourceId,
      { resourceId, min, max },
      { id: resourceId, arn: 'x' },
    )
  }
  const head = {
    format: FORMAT,
    project: 'shop',
    environment: 'dev',
    account: ACCOUNT,
    region: 'us-east-1',
    sandbox: false,
    lineage: 'l',
    serial: 1,
  }
  w.text = JSON.stringify({ ...head, ...NO_MEMORY, resources })
  return w
}

export interface Heard {
  readonly out: string[]
  readonly notes: string[]
  readonly events: Record<string, unknown>[]
}
export type Run = Session & { readonly heard: Heard }

/** A session on this world: what a command has at hand. */
export const session = async (w: World, config = CONFIG, g: ServiceFlags = { yes: true }): Promise<Run> => {
  const heard: Heard = { out: [], notes: [], events: [] }
  const json = g.json === true
  const io: Io = {
    json,
    verbose: false,
    interactive: false,
    live: false,
    c: pc.createColors(false),
    say: (text = '') => void (json || heard.out.push(text)),
    log: (text = '') => void (json || heard.out.push(text)),
    data: () => undefined,
    event: (value) => void heard.events.push(value as Record<string, unknown>),
    note: (text) => void heard.notes.push(text),
  }
  const state = await StoredState.open(w.backend, {
    project: 'shop',
    environment: 'dev',
    account: ACCOUNT,
    region: 'us-east-1',
    sandbox: false,
  })
  const clock = quick()
  const run: Partial<Run> = {
    g,
    io,
    heard,
    config: read(config),
    loaded: { file: 'infra.yaml' } as never,
    sandbox: false,
    aws: w.aws,
    caller: { account: ACCOUNT, arn: 'arn:aws:iam::123456789012:user/me' } as never,
    state,
    backend: w.backend,
    signal: new AbortController().signal,
    begin: () => undefined,
    ownSignals: () => undefined,
    context: (report) =>
      ({
        rows: state,
        aws: w.aws,
        look: () => pass(w.aws),
        classify,
        clock,
        report,
        signal: new AbortController().signal,
      }) as never,
    explain: (error) => (error instanceof InfraError ? error : new InfraError(String(error), { cause: error })),
    close: async () => undefined,
  }
  return run as Run
}

/** The place of one service; without a key it is none of the config. */
export const place = (s: Run, key: string | undefined, name = `shop-dev-${key}`): ServicePlace =>
  placeOf(s, s.g, { key, cluster: CLUSTER, name })

/** What a create would change of numbers and limits, and what drift would tell of them. */
export const wouldChange = async (w: World, config = CONFIG): Promise<{ plan: string[]; drift: string[] }> => {
  const s = await session(w, config)
  const graph = declareStack(s.config, offlineLookups(s.config, s.state, ACCOUNT))
  const plan: string[] = []
  const drift: string[] = []
  for (const [key, row] of s.state.all()) {
    const node = graph.get(key)
    if (!node || !/service$|scaling-target$/.test(key)) continue
    const want = knownProps(resolve(node.props, (k) => s.state.row(k)?.attrs) as Record<string, unknown>)
    const seen = await node.kind.observe(w.aws, { name: node.name } as never, want as JsonObject, row.attrs)
    if (seen.is === 'absent') throw new Error(`${key} is gone`)
    const counts = (all: readonly string[]): string[] =>
      all.filter((p) => /^(desired|min|max)$/.test(p)).map((p) => `${key}.${p}`)
    plan.push(...counts(differing(seen.props, want)).map((p) => `${p} -> ${want[p.split('.')[1] ?? '']}`))
    drift.push(...counts(differing(seen.props, row.want)))
  }
  return { plan, drift }
}

/** What `infra status` says that a month of what is there costs. */
export const monthNow = async (w: World, config = CONFIG): Promise<number> => {
  const s = await session(w, config)
  const graph = declareStack(s.config, offlineLookups(s.config, s.state, ACCOUNT))
  const survey = new Map<string, AnySeen>()
  for (const [key, row] of s.state.all()) {
    const node = graph.get(key)
    if (!node) continue
    const want = knownProps(resolve(node.props, (k) => s.state.row(k)?.attrs) as Record<string, unknown>) as JsonObject
    const looked = /^(ecs\.service|rds\.db-instance)$/.test(row.type)
    const stamp = { key, name: node.name, tags: {} } as never
    survey.set(key, looked ? await node.kind.observe(w.aws, stamp, want, row.attrs) : { is: 'ready', attrs: row.attrs ?? {} })
  }
  return overview(graph, s.config.steps, s.state.all(), survey, s.config.region).monthlyUsd
}

/** As one test after another would: what is said when it ends well, or why it did not. */
export const said = (s: Run): string => [...s.heard.out, ...s.heard.notes].join('\n')
