import type { Outcome } from '../../../src/engine/run.ts'
import type { InFlight } from '../../engine/support/session.ts'
import type { World } from '../../engine/support/world.ts'
import type { Point } from '../../support/cloud.ts'
import { fingerprint } from './fingerprint.ts'

/** Something that a person runs. */
export interface Command {
  readonly name: string
  run(world: World): Promise<Outcome>
  /** What is wrong after an undisturbed run of it. */
  wrongs(world: World, outcome: Outcome): string[]
}

export interface Limits {
  /** How often the process is killed on the way, at most. */
  readonly kills: number
  readonly inFlight: readonly InFlight[]
  /** What may be run where this one was killed, or where it came to its end. */
  readonly next: (command: Command, it: 'was killed' | 'ended') => readonly Command[]
  /** Whether to kill at this point. */
  readonly at?: (point: Point, world: World) => boolean
  /** Stop at the first wrong. */
  readonly brief?: boolean
}

export interface Report {
  /** Instants of the runs that nothing disturbed before. */
  readonly points: number
  /** Pairs of such an instant (and what was under way) and an instant of a run after it. */
  readonly pairs: number
  /** Different worlds that were met, and runs made: each world is gone on from once with each command. */
  readonly worlds: number
  readonly runs: number
  /** Each with the way that led there. */
  readonly wrongs: readonly string[]
  /** The fingerprints of all worlds that were met. */
  readonly met: ReadonlySet<string>
}

/** No matrix of this suite is near it. */
const MOST = 15_000

interface Visit {
  readonly world: World
  /** Of the world and the command. */
  readonly id: string
  readonly command: Command
  readonly kills: number
  readonly way: readonly string[]
}

/**
 * Kills a command at each of its instants, goes on from each world that is left behind, kills again, and so on. A kill is not
 * played: at each instant of a run a copy of the world is made as it would be left by a kill now (what is under way lands, or is
 * lost). Worlds that no run can tell apart are gone on from once. Runs that are not killed must end with nothing wrong.
 */
export const explore = async (begin: World, commands: readonly Command[], limits: Limits): Promise<Report> => {
  const wrongs: string[] = []
  const met = new Set<string>()
  const fewest = new Map<string, number>()
  /** By the number of kills: a world is gone on from after the fewest kills that lead to it. */
  const queues: Visit[][] = []
  const pointsOf = new Map<string, number>()
  const second: string[] = []
  let runs = 0
  let points = 0

  const meet = (world: World, next: readonly Command[], kills: number, way: readonly string[]): string[] => {
    const mark = fingerprint(world)
    met.add(mark)
    if (met.size > MOST) throw new Error(`more than ${MOST} worlds: something counts up that nobody reads (see fingerprint.ts)`)
    return next.map((command) => {
      const id = `${command.name} ${mark}`
      if ((fewest.get(id) ?? Number.POSITIVE_INFINITY) > kills) {
        fewest.set(id, kills)
        queues[kills] ??= []
        queues[kills]?.push({ world, id, command, kills, way: [...way, command.name] })
      }
      return id
    })
  }
  const take = (): Visit | undefined => {
    const visit = queues.find((q) => q && q.length > 0)?.shift()
    return visit && fewest.get(visit.id) !== visit.kills ? take() : visit
  }

  meet(begin, commands, 0, [])
  for (let visit = take(); visit; visit = take()) {
    const { command, kills, way, id } = visit
    const world = visit.world.fork()
    let moment: string | undefined
    let left: string[] = []
    let count = 0
    world.cloud.hook = (point) => {
      const { session } = world
      if (!session || (limits.at && !limits.at(point, world))) return
      count++
      if (kills < limits.kills && session.moment !== moment) {
        moment = session.moment
        left = (session.busy ? limits.inFlight : limits.inFlight.slice(0, 1)).flatMap((how) => {
          const after = world.fork()
          session.land(how, after)
          const kill = `killed ${point.phase} "${point.text}" (${point.n}, ${how})`
          return meet(after, limits.next(command, 'was killed'), kills + 1, [...way, kill])
        })
      }
      if (kills === 0) second.push(...left)
    }
    runs++
    const outcome = await command.run(world)
    world.cloud.hook = () => {}
    pointsOf.set(id, count)
    if (kills === 0) points += count
    const found = command.wrongs(world, outcome)
    for (const wrong of found) wrongs.push(`${wrong}\n    after: ${way.join(' -> ')}`)
    if (limits.brief && wrongs.length > 0) break
    // What went wrong stays in a world, and adds up from run to run: there would be no end of different ones.
    if (found.length === 0) meet(world.fork(), limits.next(command, 'ended'), kills, [...way, 'ended'])
  }
  const pairs = limits.kills < 2 ? 0 : second.reduce((sum, of) => sum + (pointsOf.get(of) ?? 0), 0)
  return { points, pairs, worlds: met.size, runs, wrongs, met }
}
