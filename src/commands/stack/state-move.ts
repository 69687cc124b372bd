import { hostname, userInfo } from 'node:os'
import { type Loaded, loadConfig, readText } from '../../config/load.ts'
import { InfraError, refuse } from '../../core/errors.ts'
import { backendFor } from '../../session/backend.ts'
import { agreed } from '../../session/confirm.ts'
import { commandLine, type Globals, ioOf } from '../../session/globals.ts'
import { openSession, type Session } from '../../session/session.ts'
import type { Backend } from '../../state/backend.ts'
import { localBackend } from '../../state/local.ts'
import { Moved, movedText } from '../../state/moved.ts'
import { parseState, readState } from '../../state/parse.ts'
import type { StateFile } from '../../state/schema.ts'
import type { Io } from '../../ui/io.ts'
import { placeInFile } from './state-place.ts'

/**
 * `infra state move <place>`: moves the state to a bucket, or back into the folder, and lets the config say so. In this order, so that the same
 * command goes on from wherever it was killed: the state is written there, what is here is marked as moved (in a folder: at the end), the
 * config is written. Until the config is written, this place is either whole or says where the state is.
 */
export const moveState = async (to: string, g: Globals): Promise<number> => {
  if (to !== 'local' && !/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/.*)?$/.test(to))
    throw refuse(
      `${to} is no place for a state`,
      'it must be local, or a bucket and a prefix',
      'For example infra state move s3://my-team-state/infra',
    )
  const loaded = await loadConfig({ file: g.config, environment: g.env, region: g.region })
  const s = await openSession(g, `infra state move ${to}`, loaded).catch(async (error: unknown) => {
    if (!(error instanceof Moved) || error.left.to !== to) throw error
    await finish(loaded, error, to, g)
    return undefined
  })
  if (!s) return 0
  try {
    if (s.sandbox)
      throw refuse('The sandbox keeps its state in this folder', 'a bucket in it would be gone with it', 'Leave --sandbox away')
    if (to === s.config.state) return await there(s, g)
    const write = await placeInFile(s.loaded, to, g.region)
    const target = await backendFor(s.loaded, false, s.aws, { where: to, account: s.caller.account })
    const text = await s.backend.read()
    if (text !== undefined) refuseStranger(parseState(text, s.backend.place), await target.read().catch(explain), target.place)
    const question = `Move the state from ${s.backend.place} to ${target.place}?`
    if (!(await agreed(s, g, question, 'This would move the state', `${commandLine(g, `state move ${to}`)} --yes`))) return 0
    if (text === undefined) await write()
    else await carry(s, text, target, to, write)
    told(s.io, s.loaded, s.backend.place, target.place, g)
    return 0
  } finally {
    await s.close()
  }

  function explain(error: unknown): never {
    throw (s as Session).explain(error)
  }
}

const carry = async (s: Session, text: string, target: Backend, to: string, write: () => Promise<void>): Promise<void> => {
  const lock = await target.lock('infra state move', s.io.note, () => undefined)
  try {
    await target.write(text).catch((error: unknown) => {
      throw s.explain(error)
    })
    if ((await target.read()) !== text)
      throw new InfraError(`${target.place} does not hold what was written`, {
        why: 'the old state is still in place',
        next: 'Run the same command again',
      })
    const mark = movedText(text, {
      to,
      by: `${userInfo().username} on ${hostname()}`,
      at: new Date().toISOString(),
    })
    const local = s.config.state === 'local'
    if (!local) await s.backend.leave(mark)
    await write()
    if (local) await s.backend.leave(mark)
  } finally {
    await lock.release()
  }
}

/** A state of another history is not overwritten, nor one that went on since. What a killed move has left is no stranger. */
const refuseStranger = (mine: StateFile, found: string | undefined, place: string): void => {
  if (found === undefined) return
  let lineage: string
  let serial = 0
  try {
    const state = parseState(found, place)
    lineage = state.lineage
    serial = state.serial
  } catch (error) {
    if (!(error instanceof Moved)) throw error
    lineage = error.lineage
  }
  if (lineage !== mine.lineage)
    throw refuse(
      `There is a state at ${place} already`,
      'it has another history, perhaps it is another team’s; nothing is overwritten',
      'Choose another prefix, or set "state" in infra.yaml to use that one',
    )
  if (serial > mine.serial)
    throw refuse(
      `The state at ${place} is newer than the one that would be moved there`,
      `it was written ${serial} times, this one ${mine.serial}; nothing is overwritten`,
      'Set "state" in infra.yaml to use that one, and move this one away',
    )
}

/** Killed between the mark and the config: only that is left to do. */
const finish = async (loaded: Loaded, moved: Moved, to: string, g: Globals): Promise<void> => {
  if (to === 'local') {
    const here = await readState(localBackend(loaded.stateFile(false)))
    if (here?.lineage !== moved.lineage) throw moved
  }
  await (await placeInFile(loaded, to, g.region))()
  told(ioOf(g), loaded, loaded.config.state, to, g)
}

/** It is there already. A move into a bucket that was killed at its very end has left the file in this folder. */
const there = async (s: Session, g: Globals): Promise<number> => {
  const file = s.loaded.stateFile(false)
  const old = s.config.state === 'local' ? undefined : await readText(file)
  if (old !== undefined) {
    const now = await readState(s.backend)
    const left = parseState(old, file)
    const here = localBackend(file)
    const lock = await here.lock('infra state move', s.io.note, () => undefined)
    try {
      // Somebody let the config say so, and not the state follow.
      if (!now) await s.backend.write(old)
      if (!now || (left.lineage === now.lineage && left.serial <= now.serial)) await here.leave('')
    } finally {
      await lock.release()
    }
  }
  if (s.io.json) s.io.data({ from: s.backend.place, to: s.backend.place })
  s.io.say(`The state is at ${s.backend.place} already. Next: ${s.io.c.cyan(commandLine(g, 'status'))}`)
  return 0
}

const told = (io: Io, loaded: Loaded, from: string, to: string, g: Globals): void => {
  if (io.json) io.data({ from, to })
  io.say(
    `${io.c.green('✓')} The state is at ${to}; ${loaded.file} says so. Commit that, so that your team uses it. Next: ${io.c.cyan(commandLine(g, 'status'))}`,
  )
}
