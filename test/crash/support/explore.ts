import type { Outcome } from '../../../src/engine/run.ts'
import type { InFlight } from '../../engine/support/session.ts'
import type { World } from '../../engine/support/world.ts'
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
  /** What may be run where this one was killed, or (`undefined`) where it came to its end. */
  readonly next: (killed: Command, ended: boolean) => readonly Command[]
  /** Whether to kill at this point; the name of the command and of the point. */
  readonly at?: (text: string) => boolean
  /** Stop at the first wrong. */
  readonly brief?: boolean
}

export interface Report {
  /** Instants of a command that nothing disturbed before, and pairs of an instant and one of a run after it. */
  readonly points: number
  readonly pairs: number
  /** Different worlds that were met, and runs made: each world is gone on from once with each command. */
  readonly worlds: number
  readonly runs: number
  /** Each with the way that led there. */
  readonly wrongs: readonly string[]
}

interface Visit {
  readonly world: World
  readonly mark: string
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
  const worlds = new Set<string>()
  /** By the number of kills: a world that few kills lead to is met with those. */
  const queues: Visit[][] = []
  let runs = 0
  let points = 0
  let pairs = 0
  const meet = (world: World, mark: string, command: Command, kills: number, way: readonly string[]): void => {
    const id = `${command.name} ${mark}`
    if (met.has(id)) return
    met.add(id)
    worlds.add(mark)
    ;(queues[kills] ??= []).push({ world, mark, command, kills, way })
  }
  const start = fingerprint(begin)
  for (const command of commands) meet(begin, start, command, 0, [command.name])

  const take = (): Visit | undefined => queues.find((q) => q && q.length > 0)?.shift()
  for (let visit = take(); visit; visit = take()) {
    const { command, kills, way } = visit
    const world = visit.world.fork()
    let moment: string | undefined
    world.cloud.hook = (point) => {
      if (limits.at && !limits.at(point.text)) return
      if (kills === 0) points++
      if (kills >= limits.kills || world.session?.moment === moment) return
      moment = world.session?.moment
      for (const how of world.session?.busy ? limits.inFlight : limits.inFlight.slice(0, 1)) {
        const left = world.fork()
        world.session?.land(how, left)
        const mark = fingerprint(left)
        for (const next of limits.next(command, false))
          meet(left, mark, next, kills + 1, [...way, `killed ${point.phase} "${point.text}" (${point.n}, ${how})`, next.name])
      }
    }
    runs++
    const outcome = await command.run(world)
    world.cloud.hook = () => {}
    for (const wrong of command.wrongs(world, outcome)) wrongs.push(`${wrong}\n    after: ${way.join(' -> ')}`)
    if (limits.brief && wrongs.length > 0) break
    const after = world.fork()
    for (const next of limits.next(command, true)) meet(after, fingerprint(after), next, kills, [...way, 'ended', next.name])
  }
  return { points, pairs, worlds: worlds.size, runs, wrongs }
}
