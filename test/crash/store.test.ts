import { existsSync, readFileSync } from 'node:fs'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Row, Rows, StateFile } from '../../src/state/schema.ts'
import { LocalState, type StoredState } from '../../src/state/store.ts'
import type { InFlight } from '../engine/support/session.ts'
import type { World } from '../engine/support/world.ts'
import { away, folder, of } from '../state/bundle.ts'
import { create, destroy, edited } from './support/commands.ts'
import type { Command } from './support/explore.ts'
import { fingerprint } from './support/fingerprint.ts'
import { setups, worldOf } from './support/worlds.ts'

let dir: string
let file: string
beforeAll(async () => {
  dir = await folder()
  file = join(dir, 'dev.json')
})
afterAll(() => away(dir))

/** The real state as the rows of a process: each write is two instants more, and the world's time stands still while it is made. */
const numbered = (state: StoredState, world: World): Rows => {
  const write = async (text: string, save: () => Promise<void>): Promise<void> => {
    await world.session?.point('write', text, 'before')
    await world.cloud.clock.during(save)
    await world.session?.point('write', text, 'after')
  }
  return {
    row: (key) => state.row(key),
    all: () => state.all(),
    put: (key, row) => write(`put ${key} ${row.is}`, () => state.put(key, row)),
    drop: (key) => write(`drop ${key}`, () => state.drop(key)),
    write: (changes) => write(`write ${Object.keys(changes).join(', ')}`, () => state.write(changes)),
  }
}

const rowsIn = (text: string | undefined): [string, Row][] =>
  text === undefined ? [] : Object.entries((JSON.parse(text) as StateFile).resources)
const onDisk = (): string | undefined => (existsSync(file) ? readFileSync(file, 'utf8') : undefined)

interface Left {
  readonly world: World
  readonly text: string | undefined
  readonly way: string
}

/** One run on a file with this text, undisturbed. @returns what a kill would have left behind at each of its instants */
const runOn = async ({ world: begin, text, way }: Left, command: Command, inFlight: readonly InFlight[]): Promise<Left[]> => {
  await (text === undefined ? rm(file, { force: true }) : writeFile(file, text))
  const world = begin.fork()
  const state = await LocalState.open(file, of)
  world.adapt = (cx) => ({ ...cx, rows: numbered(state, world) })
  const left = new Map<string, Left>()
  const reflect = (on: World): void => {
    on.rows.clear()
    for (const [key, row] of rowsIn(onDisk())) on.rows.set(key, row)
  }
  world.cloud.hook = (point) => {
    for (const how of inFlight) {
      const after = world.fork()
      world.session?.land(how, after)
      reflect(after)
      const at = `${way} -> ${command.name}, killed ${point.phase} "${point.text}" (${point.n}, ${how})`
      const mark = fingerprint(after)
      if (!left.has(mark)) left.set(mark, { world: after, text: onDisk(), way: at })
    }
  }
  const outcome = await command.run(world)
  world.cloud.hook = () => {}
  // What the next process reads, not what this one remembers.
  reflect(world)
  expect(command.wrongs(world, outcome), way).toEqual([])
  expect(new Map((await LocalState.open(file, of)).all())).toEqual(world.rows)
  left.set('end', { world, text: onDisk(), way: `${way} -> ${command.name}` })
  return [...left.values()]
}

it('the matrix of single kills with the real state file, opened anew by each run', async () => {
  let runs = 0
  let points = 0
  const after = async (from: Left, command: Command, then: readonly Command[]): Promise<Left> => {
    const all = await runOn(from, command, ['lost', 'lands', 'late'])
    points += all.length
    for (const left of all)
      for (const next of then) {
        runs++
        await runOn(left, next, [])
      }
    const end = all.at(-1)
    if (!end) throw new Error('no end')
    return end
  }
  const begin: Left = { world: worldOf(setups['what is new shows late']), text: undefined, way: 'nothing' }
  const created = await after(begin, create, [create, destroy])
  const changed = await after(created, edited, [edited])
  await after(changed, destroy, [destroy])
  console.log(`the real state: ${points} worlds left behind by a kill, ${runs} runs after it`)
  expect(points).toBeGreaterThan(60)
  expect((await readdir(dir)).toSorted()).toEqual(['dev.json', 'dev.json.backup'])
})
