import type { Aws } from '../../aws/clients.ts'
import { foreignTo, tagList, tagMap } from '../../aws/tags.ts'
import type { Stamp, Tags } from '../../engine/kind.ts'

/** Whether RDS's answer is about the thing that was asked for. It keeps names in lower case. */
export const isNamed = (is: string | undefined, asked: string): boolean => is?.toLowerCase() === asked.toLowerCase()

/**
 * For a group that RDS lists without its tags: whose it is. Asked only while no id is recorded, so an ordinary run pays nothing.
 */
export const foreignGroup = async (
  aws: Aws,
  stamp: Stamp,
  arn: string | undefined,
  recorded: boolean,
  what: string,
): Promise<{ foreign?: string; tags?: Tags }> => {
  if (recorded || !arn) return {}
  const tags = await tagsOfRds(aws, { arn })
  return { tags, ...foreignTo(stamp, tags, what) }
}

export const tagsOfRds = async (aws: Aws, attrs: { readonly arn: string }): Promise<Tags> =>
  tagMap((await aws.rds('ListTagsForResource', { ResourceName: attrs.arn })).TagList)

export const tagRds = async (aws: Aws, attrs: { readonly arn: string }, tags: Tags): Promise<void> => {
  await aws.rds('AddTagsToResource', { ResourceName: attrs.arn, Tags: tagList(tags) })
}
