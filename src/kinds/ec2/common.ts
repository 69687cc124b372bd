import type { Aws } from '../../aws/clients.ts'
import { isOurs, STACK_TAG, type Tag, tagList, tagMap } from '../../aws/tags.ts'
import type { Depth, Stamp, Tags } from '../../engine/kind.ts'

export interface Filter {
  readonly Name: string
  readonly Values: string[]
}

export const filter = (name: string, ...values: string[]): Filter => ({ Name: name, Values: values })

/** All that the stack tagged: one request, shared by every resource of the kind within a pass. */
export const ofStack = (stamp: Stamp): Filter[] => [filter(`tag:${STACK_TAG}`, stamp.stack)]

/** Tags in the create call itself: there is no instant at which the new thing could not be found again. */
export const tagSpecification = <T extends string>(
  type: T,
  stamp: Stamp,
): [{ ResourceType: T; Tags: { Key: string; Value: string }[] }] => [{ ResourceType: type, Tags: tagList(stamp.tags) }]

/** What a look by id or tags gives: the item, or why there is none. */
export interface Found<T> {
  readonly item: T | undefined
  readonly absent: { readonly is: 'absent'; readonly rivals?: readonly string[] }
}

/**
 * Finds one resource: by the recorded id and by that alone, else by our tags, which must lead to one. "Launch more like this" and its
 * like copy tags. By id it is also found when its tags were removed by hand, or the tag index lags. Filters are used instead of id
 * parameters, since they answer an empty list where those answer an error.
 */
export const find = async <T extends { readonly Tags?: readonly Tag[] | undefined }>(
  list: (filters: Filter[]) => Promise<readonly T[] | undefined>,
  id: { readonly of: (item: T) => string | undefined; readonly filter: string },
  stamp: Stamp,
  last: string | undefined,
  depth?: Depth,
): Promise<Found<T>> => {
  // What waits for the end of several asks for all of them at once, and has no use for others that carry their tags.
  const all = depth === 'presence' && last !== undefined ? [] : ((await list(ofStack(stamp))) ?? [])
  const byId = (items: readonly T[] | undefined): T | undefined => items?.find((i) => id.of(i) === last)
  const tagged = all.filter((i) => isOurs(tagMap(i.Tags), stamp))
  const item = last !== undefined ? (byId(all) ?? byId(await list([filter(id.filter, last)]))) : one(tagged)
  return { item, ...none(item ? [] : tagged.flatMap((i) => id.of(i) ?? [])) }
}

/** The only one there is. */
export const one = <T>(items: readonly T[]): T | undefined => (items.length === 1 ? items[0] : undefined)

/** @param rivals ids of what carries the tags without being it */
export const none = (rivals: readonly string[]): Pick<Found<never>, 'absent'> => ({
  absent: { is: 'absent', ...(rivals.length > 0 ? { rivals } : {}) },
})

/** Every EC2 resource takes tags in the same way. */
export const tagEc2 = async (aws: Aws, attrs: { readonly id: string }, tags: Tags): Promise<void> => {
  await aws.ec2('CreateTags', { Resources: [attrs.id], Tags: tagList(tags) })
}

/** The id in an answer. AWS always sends it; the SDK's types leave it open. */
export const must = (id: string | undefined, what: string): string => {
  if (id === undefined) throw new Error(`AWS answered without ${what}`)
  return id
}
