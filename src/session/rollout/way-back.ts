import { healthyRevisions } from '../../ecs/history.ts'
import { lastHealthy, neverHealthy } from '../../ecs/record.ts'
import type { Memory } from '../records/deployments.ts'
import type { ServicePlace } from '../service.ts'

/** The way back from a revision. */
export interface WayBack {
  /** The revision, for example `web:6`: it was healthy before. */
  readonly to: string
  /** The command that goes there, which works with --yes as it stands. */
  readonly line: string
}

/**
 * Where to go back to from `revision`: what is recorded as healthy; without a record, what ran healthy when the rollout began, or what
 * AWS itself has recorded. Undefined where nothing ran before, or nobody knows: then no command is printed that would be refused.
 * @param ran what ran healthy before, if that was seen
 */
export const wayBack = async (
  p: ServicePlace,
  memory: Memory,
  revision: string,
  ran: string | undefined,
): Promise<WayBack | undefined> => {
  const recorded = lastHealthy(memory.entries, revision)
  if (recorded) return { to: recorded.revision, line: p.line('rollback') }
  const seen = ran !== undefined && ran !== revision ? ran : (await healthyBefore(p, memory, revision))?.[0]
  return seen === undefined ? undefined : { to: seen, line: p.line('rollback', `--to ${seen}`) }
}

/**
 * What AWS itself has recorded as healthy before `revision`, newest first; a deployment of no task counts as one there, so what our own
 * record never saw healthy is left out. Undefined where nobody may look, or something went wrong: what is told beside a result must not
 * make it fail.
 */
export const healthyBefore = async (
  { aws, named }: Pick<ServicePlace, 'aws' | 'named'>,
  { entries }: Pick<Memory, 'entries'>,
  revision: string,
): Promise<string[] | undefined> => {
  const never = neverHealthy(entries)
  const all = await healthyRevisions(aws, named.cluster, named.name).catch(() => undefined)
  return all?.filter((r) => r !== revision && !never.has(r))
}
