import type { Owner, Stamp, Tags } from '../engine/kind.ts'

/** `project/environment`: all resources of a stack are listed by this tag. */
export const STACK_TAG = 'infra:stack'
/** The resource's key in the stack: how one without a name is found again. */
export const KEY_TAG = 'infra:key'

export interface Tag {
  readonly Key?: string | undefined
  readonly Value?: string | undefined
}

/** ECS writes the words of a tag in lower case. */
interface EcsTag {
  readonly key?: string | undefined
  readonly value?: string | undefined
}

export const tagList = (tags: Tags): { Key: string; Value: string }[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))

export const tagMap = (tags: readonly Tag[] | undefined): Record<string, string> =>
  Object.fromEntries((tags ?? []).flatMap((t) => (t.Key === undefined ? [] : [[t.Key, t.Value ?? '']])))

export const ecsTagMap = (tags: readonly EcsTag[] | undefined): Record<string, string> =>
  Object.fromEntries((tags ?? []).flatMap((t) => (t.key === undefined ? [] : [[t.key, t.value ?? '']])))

/** Whose something is by its tags; undefined: no stack of infra made it, or someone took the tags off. */
export const ownerOf = (tags: Tags): Owner | undefined => {
  const stack = tags[STACK_TAG]
  return stack === undefined ? undefined : { stack, key: tags[KEY_TAG] }
}

export const isOurs = (tags: Tags, stamp: Stamp): boolean => tags[STACK_TAG] === stamp.stack && tags[KEY_TAG] === stamp.key

/** For a name that is taken: says by what, or undefined when it is this very resource. */
export const foreignTo = (stamp: Stamp, tags: Tags, what: string): { foreign: string } | undefined => {
  if (isOurs(tags, stamp)) return undefined
  const owner = ownerOf(tags)
  if (!owner) return { foreign: `${what} that infra did not make` }
  return { foreign: owner.stack === stamp.stack ? `${what} of this stack’s ${owner.key}` : `${what} of the stack ${owner.stack}` }
}
