import type { Config } from '../../config/config.ts'
import { allDeployed } from '../../ecs/record.ts'
import { allCounts, sleepOf } from '../../ecs/sleep-record.ts'
import type { Survey } from '../../engine/kind.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import { recordedImages, type WaitingService, waitingServices } from '../../session/images.ts'
import { type NoMinimum, noMinimumText, withoutMinimum } from '../../session/records/minimum.ts'
import type { Memory } from '../../state/memory.ts'
import type { Row } from '../../state/schema.ts'

/** What is left to do although every step is done: the resources are there, and the application is not. */
export interface LooseEnds {
  /** Services that run nothing because their image is missing. */
  readonly waiting: readonly WaitingService[]
  /** Services that run nothing, and nobody has said so. */
  readonly idle: readonly string[]
  /** Autoscaling may take these down to nothing. */
  readonly noMinimum: readonly NoMinimum[]
  /** What is asleep: the stack, or the database alone. */
  readonly asleep: 'stack' | 'database' | undefined
}

interface Seen {
  readonly recorded: Pick<Memory, 'services'>
  readonly rows: ReadonlyMap<string, Row>
  readonly survey: Survey | undefined
  readonly account: string | null
}

export const looseEndsOf = (config: Config, { recorded, rows, survey, account }: Seen, g: Globals): LooseEnds => {
  const declared = config.ecs.services
  const { services } = recorded
  const deployed = allDeployed(services, declared)
  const images = recordedImages(services, declared)
  const counts = allCounts(services, declared)
  const made = Object.keys(declared).filter((key) => config.steps.includes('ecs') && rows.get(`${key}-service`)?.attrs)
  const runsNone = (key: string): boolean => {
    const seen = survey?.get(`${key}-service`)
    return seen !== undefined && seen.is !== 'absent' && seen.note?.startsWith('0 of 0 tasks') === true
  }
  return {
    waiting: waitingServices(config, { account: account ?? '', deployed, images }, g).filter((w) => made.includes(w.key)),
    idle: made.filter(
      (key) => runsNone(key) && !(key in images) && counts[key] === undefined && (declared[key]?.desired ?? 0) > 0,
    ),
    noMinimum: withoutMinimum(config, services, rows, survey),
    asleep: sleepOf(services) !== undefined ? 'stack' : sleepsAlone(survey) ? 'database' : undefined,
  }
}

const sleepsAlone = (survey: Survey | undefined): boolean => {
  const seen = survey?.get('db-instance')
  return seen !== undefined && seen.is !== 'absent' && seen.asleep !== undefined
}

/** A sentence each, for what is not told elsewhere on the screen. */
export const looseNotes = ({ idle, noMinimum }: LooseEnds): string[] => [
  ...idle.map((key) => `${key} runs no task, and nobody has scaled it to none`),
  ...noMinimum.map(noMinimumText),
]

/** The next command; undefined where nothing is left. The lines that push images come before it. */
export const looseCommand = (config: Config, { waiting, idle, noMinimum, asleep }: LooseEnds, g: Globals): string | undefined => {
  const [first] = waiting
  if (first) return first.deploy
  if (asleep) return commandLine(g, asleep === 'stack' ? 'start' : 'db start')
  const [none] = idle
  if (none) return commandLine(g, `scale ${none} ${config.ecs.services[none]?.desired ?? 1}`)
  return noMinimum.length > 0 ? commandLine(g, 'create autoscaling') : undefined
}
