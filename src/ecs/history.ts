import type { Aws } from '../aws/clients.ts'
import { codeOf } from '../aws/trouble.ts'
import { revisionOf } from './revision.ts'

/** As many as one DescribeServiceRevisions takes. */
const AT_ONCE = 20

/**
 * The revisions that ECS has deployed to a service and that came to be healthy, newest first: AWS's own record of the last 90 days. What was gone
 * back from is left out: after a, b, a it is a alone. Undefined where nobody may look, or AWS keeps no such record.
 * docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
 */
export const healthyRevisions = async (
  aws: Pick<Aws, 'ecs'>,
  cluster: string,
  service: string,
): Promise<string[] | undefined> => {
  try {
    const { serviceDeployments = [] } = await aws.ecs('ListServiceDeployments', {
      cluster,
      service,
      status: ['SUCCESSFUL'],
      maxResults: AT_ONCE,
    })
    const ran = [...serviceDeployments].sort((a, b) => (a.createdAt?.getTime() ?? 0) - (b.createdAt?.getTime() ?? 0))
    const arns = [...new Set(ran.flatMap((d) => d.targetServiceRevisionArn ?? []))]
    if (arns.length === 0) return []
    const { serviceRevisions = [] } = await aws.ecs('DescribeServiceRevisions', { serviceRevisionArns: arns })
    const definitions = new Map(serviceRevisions.map((r) => [r.serviceRevisionArn, revisionOf(r.taskDefinition)]))
    return withoutLeft(ran.flatMap((d) => definitions.get(d.targetServiceRevisionArn) || [])).reverse()
  } catch (error) {
    if (/^(AccessDenied|UnsupportedFeature)/.test(codeOf(error))) return undefined
    throw error
  }
}

/** @param all the oldest first. Who deploys again what ran before has gone back from all that came after it. */
const withoutLeft = (all: readonly string[]): string[] => {
  const kept: string[] = []
  for (const revision of all) {
    const at = kept.indexOf(revision)
    if (at < 0) kept.push(revision)
    else kept.length = at + 1
  }
  return kept
}
