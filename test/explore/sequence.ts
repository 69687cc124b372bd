import { edited, first, type Plan, yaml } from './config.ts'
import { Random } from './random.ts'

/** What happens to a command while it runs. Numbers of calls count those that change something, from 1. */
export type Trouble =
  | { readonly is: 'kill'; readonly call: number; readonly phase: 'before' | 'after' }
  | { readonly is: 'signal'; readonly signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT' | 'SIGHUP'; readonly ms: number }
  /** Longer than a lease; the other desk works meanwhile. */
  | { readonly is: 'suspend'; readonly call: number; readonly phase: 'before' | 'after' }
  | { readonly is: 'lost'; readonly p: number }
  | { readonly is: 'stalled'; readonly call: number }
  | { readonly is: 'error'; readonly code: string; readonly status: number; readonly p: number }
  | { readonly is: 'refused'; readonly call: number }
  | { readonly is: 'slow-lists'; readonly ms: number }

/** What somebody does in the console. */
export type Outside =
  | 'delete-alarms'
  | 'scale-to-0'
  | 'delete-rule'
  | 'delete-log-group'
  | 'retag'
  | 'delete-service'
  | 'delete-state'

export interface Step {
  /** The config that stands there before the command, whole: a step can be left out and the others mean the same. */
  readonly config: string
  readonly args: readonly string[]
  /** 0 or 1: who runs it. 1 only where the state is in a bucket. */
  readonly desk: 0 | 1
  readonly trouble?: Trouble
  readonly outside?: Outside
}

export interface Sequence {
  readonly seed: number
  /** The state is in a bucket, with a lease on it, and two desks share it. */
  readonly shared: boolean
  readonly steps: readonly Step[]
  /** What must stand at the end. */
  readonly config: string
}

/** Names of buckets belong to one account of all. */
export const SHARED_BUCKET = (accountId: string): string => `infra-explore-${accountId}`
const SHARED = 's3://infra-explore/state'

const trouble = (random: Random, shared: boolean): Trouble =>
  random.weighted<() => Trouble>([
    [4, () => ({ is: 'kill', call: random.int(1, 40), phase: random.pick(['before', 'after']) })],
    [3, () => ({ is: 'signal', signal: random.pick(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP']), ms: random.int(50, 4000) })],
    [shared ? 2 : 0, () => ({ is: 'suspend', call: random.int(1, 40), phase: random.pick(['before', 'after']) })],
    [2, () => ({ is: 'lost', p: random.pick([0.02, 0.1]) })],
    [1, () => ({ is: 'stalled', call: random.int(1, 20) })],
    [
      2,
      () => {
        const [code, status] = random.pick([
          ['Throttling', 400],
          ['InternalFailure', 500],
          ['ServiceUnavailable', 503],
        ] as const)
        return { is: 'error', code, status, p: random.pick([0.05, 0.2]) }
      },
    ],
    [2, () => ({ is: 'refused', call: random.int(1, 40) })],
    [1, () => ({ is: 'slow-lists', ms: random.int(200, 1500) })],
  ])()

const CREATE = ['create', '--yes']
const WHOLE = ['destroy', '--yes', '--confirm', 'startupwebapp']

/** A command that suits the config, and the config it runs with: another one for those that edit. */
const command = (plan: Plan, random: Random): { plan: Plan; args: readonly string[]; outside?: Outside } => {
  const name = random.pick(Object.keys(plan.services))
  const now = (...args: string[]) => ({ plan, args })
  return random.weighted<() => { plan: Plan; args: readonly string[]; outside?: Outside }>([
    [5, () => now(...CREATE)],
    [8, () => ({ plan: edited(edited(plan, random), random), args: CREATE })],
    [1, () => now('create', random.pick(plan.steps), '--yes')],
    [2, () => now('destroy', random.pick(plan.steps), '--yes', '--confirm', 'startupwebapp')],
    [1, () => now(...WHOLE)],
    [1, () => now('scale', name, String(random.int(0, 3)), '--yes')],
    [2, () => now('deploy', name, '--image', `nginx:1.${random.int(20, 24)}`, '--yes')],
    [1, () => now('deploy', name, '--set-env', 'MODE=on', '--yes')],
    [1, () => now('rollback', name, '--yes')],
    [1, () => now('stop', '--yes')],
    [1, () => now('start', '--yes')],
    [1, () => now(random.pick(['plan', 'status', 'drift', 'show-resources', 'cost', 'verify', 'env']))],
    [
      3,
      () => {
        const all: Outside[] = ['delete-alarms', 'scale-to-0', 'delete-rule', 'delete-log-group', 'retag', 'delete-service']
        return { plan, args: CREATE, outside: random.pick(all) }
      },
    ],
    [1, () => ({ plan, args: ['recover', '--yes'], outside: 'delete-state' })],
  ])()
}

/** The sequence of this seed: always the same. */
export const sequenceOf = (seed: number): Sequence => {
  const random = new Random(seed)
  const shared = random.chance(0.3)
  let plan: Plan = { ...first(random), ...(shared ? { state: SHARED } : {}) }
  const steps: Step[] = []
  const count = random.int(3, 8)
  for (let i = 0; i < count; i++) {
    const next = i === 0 ? { plan, args: CREATE } : command(plan, random)
    plan = next.plan
    steps.push({
      config: yaml(plan),
      args: next.args,
      desk: shared && random.chance(0.5) ? 1 : 0,
      ...(random.chance(0.5) ? { trouble: trouble(random, shared) } : {}),
      ...('outside' in next && next.outside ? { outside: next.outside } : {}),
    })
  }
  return { seed, shared, steps, config: yaml(plan) }
}
