import type { Service as EcsService } from '@aws-sdk/client-ecs'
import { withoutService } from '../../aws/ecs-words.ts'
import { isFull, judgeRollout, primaryOf, rollbackOf } from '../../ecs/rollout.ts'

const plain = (why: string | undefined): string => why?.replace(/\.$/, '') ?? 'AWS gives no reason'

/** How the newest rollout stands, as a resource does. */
export const standingOf = (
  service: EcsService,
): { ready: boolean; failed: string | undefined; rolledBack: string | undefined } => {
  const standing = judgeRollout({ service, tasks: [] })
  const back = rollbackOf(service)
  return {
    ready: standing.is === 'steady' && isFull(service),
    // As long as ECS goes on trying, it may come up after all.
    failed: standing.is === 'failed' && standing.over ? plain(standing.why) : undefined,
    rolledBack: back && plain(back.why),
  }
}
/** In words for the screen: how many tasks run, and what happened last. */
export const noteOf = (s: EcsService): string => {
  const failed = primaryOf(s)?.failedTasks ?? 0
  const counts = `${s.runningCount ?? 0} of ${s.desiredCount ?? 0} tasks running${failed > 0 ? `, ${failed} failed` : ''}`
  if (s.status === 'DRAINING') return `draining, ${s.runningCount ?? 0} tasks left`
  const [last] = eventsOf(s)
  return standingOf(s).ready || !last ? counts : `${counts}; ${last}`
}

/** Newest first. */
const eventsOf = (s: EcsService): string[] => (s.events ?? []).flatMap((e) => (e.message ? [withoutService(e.message)] : []))
