import { it } from 'vitest'
import { World } from '../engine/support/world.ts'
import { wrongs } from './support/check.ts'
import { explore, type Command } from './support/explore.ts'
import { kinds, first, second } from './support/stack.ts'
import type { Declare } from '../engine/support/world.ts'

const make = (name: string, d: Declare, wanted: string[]): Command => ({ name, run: (w) => w.create(d), wrongs: (w, o) => wrongs(w, wanted, o) })
const pic = async (d: Declare) => { const w = new World(...kinds); await w.create(d); w.cloud.clock.pass(60000); return w.cloud.picture() }
it('probe', async () => {
  const C = make('create', first, await pic(first))
  const U = make('update', second, await pic(second))
  const D: Command = { name: 'destroy', run: (w) => w.destroy(), wrongs: (w, o) => wrongs(w, [], o) }
  const p = process.env.MODE ?? 'all'
  for (const [name, set] of Object.entries({ calm: {}, late: { tagLagMs: 3000, latencyMs: 20 }, linger: { lingerMs: 400, latencyMs: 20 }, lost: {faults: 'answer', latencyMs: 20}, req: {faults: 'request', latencyMs: 20} })) {
   for (const kills of [2]) for (const [mode, next] of Object.entries({ persist: (k: Command) => [k], down: (k: Command) => k === C ? [C, D] : [k], minds: (k: Command) => k===D ?[D, C] : [C, D, U] })) {
    const w = new World(...kinds)
    Object.assign(w.cloud, set)
    const t = performance.now()
    const r = await explore(w, [C], { kills, inFlight: ['lost','lands','calls','late'], next: (k, ended) => ended ? (k===C ? [U, D] : []) : next(k) })
    console.log(name, kills, mode, Math.round(performance.now() - t), 'ms', JSON.stringify({ ...r, wrongs: r.wrongs.length }), r.wrongs.slice(0, 2).join('\n'))
  }}
}, 300000)
