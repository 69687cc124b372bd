import type { Aws } from '../../aws/clients.ts'
import type { Tags } from '../../engine/kind.ts'

export { ecsTagMap as fromEcsTags } from '../../aws/tags.ts'

/** ECS writes the words of a tag in lower case. */
export const toEcsTags = (tags: Tags): { key: string; value: string }[] =>
  Object.entries(tags).map(([key, value]) => ({ key, value }))

export const tagEcs = async (aws: Aws, attrs: { readonly arn: string }, tags: Tags): Promise<void> => {
  await aws.ecs('TagResource', { resourceArn: attrs.arn, tags: toEcsTags(tags) })
}
