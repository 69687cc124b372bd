import type fc from 'fast-check'
import { Graph } from '../../../src/engine/graph.ts'
import { stillNeeding } from '../../../src/engine/order.ts'
import type { Client } from '../../engine/support/client.ts'
import { Link, Net, Note } from '../../engine/support/kinds.ts'
import type { InFlight } from '../../engine/support/session.ts'
import { World } from '../../engine/support/world.ts'
import { type Cloud, Crash, Fault, type Hook } from '../../support/cloud.ts'
import { ALL_LANDED_MS } from './check.ts'
import { Db, Gate, kinds, Pool } from './stack.ts'

/** What a person may write into the config. */
export interface Config {
  readonly color: string
  readonly size: number
  readonly pool: boolean
  readonly link: boolean
  readonly alarm: boolean
}
export const plain: Config = { color: 'red', size: 1, pool: true, link: true, alarm: true }
export type Step = 'net' | 'data'

export const graphFor = ({ color, size, pool, link, alarm }: Config): Graph<Client> => {
  const graph = new Graph<Client>('shop-dev')
  const net = graph.in('net')
  const base = net(Net, 'net', { color })
  const gate = net(Gate, 'gate', { uses: [base.id] })
  if (pool) net(Pool, 'pool', { size, uses: [base.id] })
  if (link) net(Link, 'link', { from: base.id, to: gate.id })
  const data = graph.in('data')
  const group = data(Note, 'group', { size, uses: [base.id] })
  const db = data(Db, 'db', { size, color, uses: [group.id] })
  if (alarm) data(Note, 'alarm', { color }, { beside: [db.id] })
  return graph
}

/** What such a config leads to when nothing disturbs. */
export const pictureOf = async (config: Config): Promise<string[]> => {
  const world = new World(...kinds)
  await world.create(graphFor(config))
  world.cloud.clock.pass(ALL_LANDED_MS)
  return world.cloud.picture()
}

/** The model knows only what is wanted. That the world comes to it, whatever happened, is the property. */
export interface Model {
  config: Config
}
/** A line of a script. Its text is what a failing test prints. */
export type Line = fc.AsyncCommand<Model, World>

const line = (text: string, run: (world: World, model: Model) => Promise<void> | void): Line => ({
  check: () => true,
  run: async (model, world) => run(world, model),
  toString: () => text,
})

/** What happens to a run. */
export interface Mishap {
  readonly text: string
  readonly inFlight: InFlight
  readonly hook: (cloud: Cloud) => Hook
}
export const none: Mishap = { text: '', inFlight: 'lost', hook: () => () => {} }
export const killed = (at: number, inFlight: InFlight): Mishap => ({
  text: `, killed at instant ${at}, what is under way ${inFlight === 'calls' ? 'lands but for the writes' : `is ${inFlight}`}`,
  inFlight,
  hook: (cloud) => {
    const end = cloud.points + at
    return (point) => {
      if (point.n >= end) throw new Crash()
    }
  },
})
export const answerLost = (nth: number, phase: 'before' | 'after'): Mishap => ({
  text: `, where the ${nth}th change ${phase === 'after' ? 'works but its answer' : ''} gets lost`,
  inFlight: 'lost',
  hook: () => {
    let left = nth
    return (point) => {
      if (point.what === 'change' && point.phase === phase && --left === 0) throw new Fault('unknown-outcome')
    }
  },
})

/**
 * Between two commands of a person: what the one before the last left on its way has landed, or never will. (That a call lands in
 * the middle of the very next run, which may come at once, is in the matrix.)
 */
export const BREATH_MS = 1000

/** A run that may end in any way: killed, failed, refused. */
const disturbed = async (world: World, mishap: Mishap, run: () => Promise<unknown>): Promise<void> => {
  world.cloud.clock.pass(BREATH_MS)
  world.cloud.inFlight = mishap.inFlight
  world.cloud.hook = mishap.hook(world.cloud)
  await run().catch((error: unknown) => {
    if (!(error instanceof Crash)) throw error
  })
  world.cloud.hook = () => {}
}

export const createStep = (step: Step, mishap: Mishap): Line =>
  line(`infra create ${step}${mishap.text}`, (world, { config }) => {
    const graph = graphFor(config)
    return disturbed(world, mishap, () => world.create(graph, graph.withNeeds([step])))
  })

export const destroyStep = (step: Step, mishap: Mishap): Line =>
  line(`infra destroy ${step}${mishap.text}`, async (world) => {
    const keys = [...world.rows].filter(([, row]) => row.step === step).map(([key]) => key)
    // The command refuses it, too.
    if (stillNeeding(keys, world.rows).size === 0) await disturbed(world, mishap, () => world.destroy(keys))
  })

export const edit = (change: Partial<Config>): Line =>
  line(`edit the config: ${JSON.stringify(change)}`, (_, model) => {
    model.config = { ...model.config, ...change }
  })

/** The n-th thing that nothing uses, if there is one: the cloud would refuse to delete others. */
const loose = ({ cloud }: World, n: number): ReturnType<Cloud['things']>[number] | undefined => {
  const all = cloud.things()
  const free = all.filter((t) => t.goneAt === undefined && !all.some((u) => JSON.stringify(u.props).includes(t.id)))
  return free[n % Math.max(1, free.length)]
}
export const vanish = (n: number): Line =>
  line(`someone deletes the thing number ${n}`, (world) => {
    const thing = loose(world, n)
    if (!thing) return
    thing.goneAt = world.cloud.clock.now()
    // Theirs to take, so not counted against the engine.
    if (world.kindOf(thing.type).facts.data) world.cloud.snapshots.push(`last-of-${thing.id}`)
  })
export const alter = (n: number, color: string): Line =>
  line(`someone makes the thing number ${n} ${color}`, (world) => {
    const all = world.cloud.things().filter((t) => typeof t.props.color === 'string')
    const thing = all[n % Math.max(1, all.length)]
    if (thing) thing.props = { ...thing.props, color }
  })
export const wait = (ms: number): Line => line(`${ms} ms pass`, (world) => world.cloud.clock.pass(ms))
