import { expect, it } from 'vitest'
import { LockLost } from '../../src/core/errors.ts'
import type { Context } from '../../src/engine/context.ts'
import type { Outcome } from '../../src/engine/run.ts'
import type { Lock } from '../../src/state/lock.ts'
import { s3Backend } from '../../src/state/s3.ts'
import type { StateFile } from '../../src/state/schema.ts'
import { StoredState } from '../../src/state/store.ts'
import type { Client } from '../engine/support/client.ts'
import type { World } from '../engine/support/world.ts'
import { of } from '../state/bundle.ts'
import { type Bucket, bucket } from '../state/objects.ts'
import { create, destroy, edited } from './support/commands.ts'
import type { Command } from './support/explore.ts'
import { setups, worldOf } from './support/worlds.ts'

/** Stops a process at its n-th step, as a closed lid does: from there on nothing of it moves until it is let go. */
class Lid {
  steps = 0
  #closeAt: number
  #open: Promise<void> | undefined
  #begun = false
  #let: () => void = () => {}
  readonly closed: Promise<void>
  #tell: () => void = () => {}

  constructor(closeAt: number) {
    this.#closeAt = closeAt
    this.closed = new Promise((done) => {
      this.#tell = done
    })
  }
  /** Only a run that has the lock can lose it. */
  begin(): void {
    this.#begun = true
  }
  /** A write of the state had passed the fence: it is in flight, and lands where nobody else has written. */
  inFlight = false

  async step(what?: 'write'): Promise<void> {
    if (!this.#begun) return
    if (++this.steps === this.#closeAt) {
      this.inFlight = what === 'write'
      this.#open = new Promise((done) => {
        this.#let = done
      })
      this.#tell()
    }
    await this.#open
  }
  open(): void {
    this.#open = undefined
    this.#let()
  }
}

const LEASE = { leaseMs: 60_000, skewMs: 30_000 }
const CHANGES = ['make', 'change', 'tag', 'unguard', 'remove'] as const
const READS = ['list', 'get'] as const

/** One run with its lock and state in the bucket, of which every step can be the last one before a suspend. */
const process = async (world: World, objects: Bucket, lid: Lid) => {
  const { clock } = world.cloud
  const stepped: Bucket = {
    ...objects,
    get: async (key) => {
      await lid.step()
      return objects.get(key)
    },
    put: async (...args) => {
      await lid.step('write')
      const tag = await objects.put(...args)
      await lid.step()
      return tag
    },
  }
  // The worst case: no heartbeat tells it, and its monotonic clock stood still meanwhile, as Linux's does in a suspend.
  const options = { ...LEASE, heartbeatMs: 10_000_000, now: () => clock.now(), monotonic: () => 0 }
  const backend = s3Backend(stepped, 'x', options)
  const stop = new AbortController()
  const lock = await backend.lock(
    'infra',
    () => {},
    (why) => stop.abort(why),
  )
  lid.begin()
  const state = await StoredState.open(backend, of)
  const sent: string[] = []
  const adapt = (cx: Context<Client>): Context<Client> => ({
    ...cx,
    rows: state,
    signal: stop.signal,
    aws: guarded(cx.aws, lock, lid, sent),
    look: () => guarded(cx.look(), lock, lid, sent),
  })
  const run = async (command: Command): Promise<Outcome | LockLost> => {
    world.adapt = adapt
    const outcome = command.run(world)
    world.adapt = (cx) => cx
    return outcome.catch((error: unknown) => {
      if (error instanceof LockLost) return error
      throw error
    })
  }
  return { run, lock, sent }
}

/** As src/aws/fence.ts: the lock is asked before each change; what has passed it is in flight. */
const guarded = (client: Client, lock: Lock, lid: Lid, sent: string[]): Client => {
  const wrap =
    (name: (typeof CHANGES)[number] | (typeof READS)[number]) =>
    async (...args: unknown[]): Promise<unknown> => {
      await lid.step()
      if ((CHANGES as readonly string[]).includes(name)) {
        await lock.check()
        sent.push(`${name} ${args[0]}`)
      }
      const answer = await (client[name] as (...a: unknown[]) => Promise<unknown>)(...args)
      await lid.step()
      return answer
    }
  return Object.fromEntries([...CHANGES, ...READS].map((name) => [name, wrap(name)])) as unknown as Client
}

const rowsIn = (objects: Bucket): StateFile['resources'] =>
  (JSON.parse(objects.objects.get('x.json')?.text ?? '{"resources":{}}') as StateFile).resources
const reflect = (world: World, objects: Bucket): void => {
  world.rows.clear()
  for (const [key, row] of Object.entries(rowsIn(objects))) world.rows.set(key, row)
}

/** One run, undisturbed. */
const undisturbed = async (world: World, objects: Bucket, command: Command): Promise<number> => {
  const lid = new Lid(Number.POSITIVE_INFINITY)
  const { run, lock } = await process(world, objects, lid)
  const outcome = await run(command)
  await lock.release()
  reflect(world, objects)
  if (outcome instanceof LockLost) throw outcome
  expect(command.wrongs(world, outcome)).toEqual([])
  return lid.steps
}

it.each([
  ['create', [], create, create, false],
  ['create, and the other one still holds the lock', [], create, create, true],
  ['create, and the other one destroys', [], create, destroy, false],
  ['create of an edited stack', [create], edited, edited, false],
  ['destroy, and the other one creates', [create], destroy, create, false],
] as const)(
  '%s: suspended at any step until another run has done its work, it changes nothing more',
  async (_, before, mine, theirs, holds) => {
    let ended = 0
    for (let at = 1; ; at++) {
      const world = worldOf(setups['all goes well'])
      const objects = bucket()
      for (const command of before) await undisturbed(world, objects, command)
      const lid = new Lid(at)
      const first = process(world, objects, lid).then(async (p) => ({ p, outcome: await p.run(mine) }))
      const done = first.then(() => true)
      if (await Promise.race([done, lid.closed.then(() => false)])) break
      world.cloud.clock.pass(LEASE.leaseMs + LEASE.skewMs + 1)
      const other = await process(world, objects, new Lid(Number.POSITIVE_INFINITY))
      const outcome = await other.run(theirs)
      reflect(world, objects)
      const where = `suspended at step ${at}`
      expect(outcome instanceof LockLost ? outcome : theirs.wrongs(world, outcome), where).toEqual([])
      if (!holds) await other.lock.release()

      const [picture, state] = [world.cloud.picture(), JSON.stringify(rowsIn(objects))]
      const held = world.said('change').length
      lid.open()
      const { p, outcome: end } = await first
      expect(world.said('change').slice(held), where).toEqual([])
      expect(world.cloud.picture(), where).toEqual(picture)
      if (!lid.inFlight) expect(JSON.stringify(rowsIn(objects)), where).toBe(state)
      if (end instanceof LockLost || end.interrupted) ended++
      await p.lock.release()
      if (holds) {
        expect(objects.objects.has('x.lock'), where).toBe(true)
        await other.lock.release()
      }
      // What may have landed is no more than a record of what was about to be done: the next run makes of it what it wants.
      reflect(world, objects)
      if (lid.inFlight) await undisturbed(world, objects, theirs)
    }
    expect(ended).toBeGreaterThan(20)
  },
)
