import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Aws } from '../../aws/clients.ts'
import { tagList, tagMap } from '../../aws/tags.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { Depth, Tags } from '../../engine/kind.ts'

/** All of ELB takes tags in the same way. */
export const tagElb = async (aws: Aws, attrs: { readonly arn: string }, tags: Tags): Promise<void> => {
  await aws.elb('AddTags', { ResourceArns: [attrs.arn], Tags: tagList(tags) })
}

/** Tags by ARN: no list of ELB has them. One request takes at most 20. */
export const tagsByArn = async (aws: Aws, arns: readonly string[]): Promise<ReadonlyMap<string, Tags>> => {
  const found = new Map<string, Tags>()
  for (let i = 0; i < arns.length; i += 20) {
    const page = await unlessGone(aws.elb('DescribeTags', { ResourceArns: arns.slice(i, i + 20) }))
    for (const { ResourceArn, Tags } of page?.TagDescriptions ?? []) if (ResourceArn) found.set(ResourceArn, tagMap(Tags))
  }
  return found
}

/** Whose it is, where nothing is recorded, or before a delete. */
export const tagsFor = async (
  aws: Aws,
  arn: string,
  last: object | undefined,
  depth: Depth | undefined,
): Promise<Tags | undefined> => (last && depth !== 'owner' ? undefined : ((await tagsByArn(aws, [arn])).get(arn) ?? {}))

interface Attributes {
  readonly Attributes?: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined
}

/**
 * A thing and its attributes, which ELB tells in a second call: both are asked at once where the ARN is recorded.
 * @returns undefined when it is not there, or went between the two calls
 */
export const withAttributes = async <T>(
  recorded: string | undefined,
  thing: Promise<T | undefined>,
  arnOf: (thing: T) => string | undefined,
  attributes: (arn: string) => Promise<Attributes | undefined>,
  depth?: Depth,
): Promise<{ thing: T; arn: string; attributes: ReadonlyMap<string, string> } | undefined> => {
  // What is waited for until it is gone is most likely not there.
  const early = recorded === undefined || depth === 'presence' ? undefined : attributes(recorded)
  early?.catch(() => undefined)
  const found = await thing
  const arn = found && arnOf(found)
  if (!found || arn === undefined) return undefined
  const list = await (early ?? attributes(arn))
  return list && { thing: found, arn, attributes: new Map((list.Attributes ?? []).map((a) => [a.Key ?? '', a.Value ?? ''])) }
}

/** What of a row is an ARN: of something that is to be taken in, a person may have given the name instead. */
export const arnIn = (last: { readonly arn?: string } | undefined): string | undefined =>
  last?.arn?.startsWith('arn:') ? last.arn : undefined

/** The short form by which metrics and scaling name it: `app/web/50dc6c495c0c9188`, `targetgroup/web/6d0ecf831eec9f09`. */
export const suffixOf = (arn: string): string =>
  arn
    .split(':')
    .slice(5)
    .join(':')
    .replace(/^loadbalancer\//, '')

export const forwardTo = (TargetGroupArn: string): Action[] => [{ Type: 'forward', TargetGroupArn }]

/** The one target group that all goes to; undefined for anything else. What forwards comes last: nothing stands behind it. */
export const forwardOf = ([action]: readonly Action[] = []): string | undefined => {
  const groups = action?.ForwardConfig?.TargetGroups ?? []
  if (action?.Type !== 'forward' || groups.length > 1) return undefined
  return action.TargetGroupArn ?? groups[0]?.TargetGroupArn
}
