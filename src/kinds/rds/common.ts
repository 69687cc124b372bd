import type { Aws } from '../../aws/clients.ts'
import { foreignTo, tagList, tagMap } from '../../aws/tags.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { Depth, Stamp, Tags } from '../../engine/kind.ts'

/** Whether RDS's answer is about the thing that was asked for. It keeps names in lower case. */
export const isNamed = (is: string | undefined, asked: string): boolean => is?.toLowerCase() === asked.toLowerCase()

/**
 * For a group that RDS lists without its tags: whose it is. Asked only while no id is recorded, and before a delete: an ordinary run pays
 * nothing.
 */
export const foreignGroup = async (
  aws: Aws,
  stamp: Stamp,
  arn: string | undefined,
  { last, depth }: { readonly last: object | undefined; readonly depth: Depth | undefined },
  what: string,
): Promise<{ foreign?: string; tags?: Tags }> => {
  if ((last && depth !== 'owner') || !arn) return {}
  const tags = tagMap((await unlessGone(aws.rds('ListTagsForResource', { ResourceName: arn })))?.TagList)
  return { tags, ...(last ? {} : foreignTo(stamp, tags, what)) }
}

export const tagRds = async (aws: Aws, attrs: { readonly arn: string }, tags: Tags): Promise<void> => {
  await aws.rds('AddTagsToResource', { ResourceName: attrs.arn, Tags: tagList(tags) })
}
