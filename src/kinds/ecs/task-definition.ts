import type { TaskDefinition as Definition } from '@aws-sdk/client-ecs'
import type { Aws } from '../../aws/clients.ts'
import { foreignTo, STACK_TAG } from '../../aws/tags.ts'
import { type Json, same } from '../../core/json.ts'
import { type Revision, revisionAt } from '../../ecs/revision.ts'
import type { Tags } from '../../engine/kind.ts'
import type { AwsKind } from '../kind.ts'
import { fromEcsTags, tagEcs, toEcsTags } from './common.ts'
import { type Container, inWantedWords, toAws } from './container.ts'

export type TaskDefinitionProps = {
  /** Units of 1/1024 vCPU, and MiB: only certain pairs are offered. */
  cpu: number
  memory: number
  /** Pulls the image, reads the secrets, writes the logs. */
  executionRoleArn: string
  /** What the application itself may do. */
  taskRoleArn?: string
  cpuArchitecture?: 'X86_64' | 'ARM64'
  /** Where the log groups are. */
  region: string
  containers: readonly Container[]
}
/** `id` is family:revision, of the revision that counts now. */
export type TaskDefinitionAttrs = { id: string; arn: string }

/**
 * A family of task definitions for Fargate; what counts is the recorded revision, or its newest active one where that is as wanted
 * or nothing is recorded. Nothing in a revision can be changed: an update registers the next one, and the ones before stay for
 * whoever still runs them.
 * docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
 */
export const TaskDefinition: AwsKind<TaskDefinitionProps, TaskDefinitionAttrs> = {
  type: 'ecs.task-definition',
  async observe(aws, stamp, want, last) {
    const family = familyOf(last?.id ?? stamp.name)
    const newest = await revisionAt(aws, family)
    const found = (await recorded(aws, newest?.definition, want, last?.id)) ?? newest
    const is = found?.definition
    if (!is?.taskDefinitionArn || is.status !== 'ACTIVE') return { is: 'absent' }
    const tags = fromEcsTags(found?.tags)
    return {
      is: 'ready',
      attrs: attrsOf(is),
      props: taskDefinitionProps(is, want),
      tags,
      note: `revision ${is.revision}`,
      ...(last ? {} : foreignTo(stamp, tags, `the task definition ${family}`)),
    }
  },
  async create(aws, want, stamp) {
    const made = await aws.ecs('RegisterTaskDefinition', { ...request(stamp.name, want), tags: toEcsTags(stamp.tags) })
    return { attrs: attrsOf(made.taskDefinition ?? {}), ready: true }
  },
  async update(aws, attrs, want) {
    // A revision does not take over the tags of the one before, and without them a destroy would leave it.
    const before = await revisionAt(aws, attrs.id)
    await aws.ecs('RegisterTaskDefinition', {
      ...request(familyOf(attrs.id), want),
      ...(before?.tags?.length ? { tags: [...before.tags] } : {}),
    })
    return 'pending'
  },
  tag: tagEcs,
  async delete(aws, attrs, how) {
    const family = familyOf(attrs.id)
    const active = await activeOf(aws, family)
    const tagsOf = async (resourceArn: string): Promise<Tags> =>
      resourceArn === attrs.arn && how.tags ? how.tags : fromEcsTags((await aws.ecs('ListTagsForResource', { resourceArn })).tags)
    const stacks = (await Promise.all(active.map(tagsOf))).map((tags) => tags[STACK_TAG])
    // Without a tag on the recorded one (removed by hand), whatever a stack has registered counts as this one's.
    const stack = stacks[active.indexOf(attrs.arn)]
    const ours = active.filter((_, i) => stacks[i] !== undefined && (stack === undefined || stacks[i] === stack))
    await Promise.all(ours.map((taskDefinition) => aws.ecs('DeregisterTaskDefinition', { taskDefinition })))
    const kept: string[] = []
    // The API takes at most ten.
    for (let i = 0; i < ours.length; i += 10) {
      const { failures = [] } = await aws.ecs('DeleteTaskDefinitions', { taskDefinitions: ours.slice(i, i + 10) })
      kept.push(...failures.map((f) => `${nameOf(f.arn ?? '')} (${f.reason})`))
    }
    const others = active.filter((arn) => !ours.includes(arn)).map((arn) => `${nameOf(arn)} (registered by somebody else)`)
    if (kept.length + others.length > 0) return { stays: `task definitions ${[...kept, ...others].join(', ')}` }
  },
  facts: {
    title: 'task definition',
    minutes: 0.1,
    iam: {
      observe: ['ecs:DescribeTaskDefinition'],
      create: ['ecs:RegisterTaskDefinition', 'ecs:TagResource', 'iam:PassRole'],
      update: ['ecs:DescribeTaskDefinition', 'ecs:RegisterTaskDefinition', 'ecs:TagResource', 'iam:PassRole'],
      delete: ['ecs:ListTaskDefinitions', 'ecs:ListTagsForResource', 'ecs:DeregisterTaskDefinition', 'ecs:DeleteTaskDefinitions'],
    },
    found: 'name',
    renewed: true,
  },
}

/** `web:7` of an ARN or of itself. */
const nameOf = (id: string): string => id.split('/').at(-1) ?? id
const familyOf = (id: string): string => nameOf(id).replace(/:\d+$/, '')

/**
 * The recorded revision, as long as a newer one is not what is wanted: such a one was rolled back from, or never came to be healthy,
 * and nobody runs it.
 */
const recorded = async (
  aws: Aws,
  newest: Definition | undefined,
  want: Partial<TaskDefinitionProps>,
  id: string | undefined,
): Promise<Revision | undefined> => {
  if (id === undefined || !newest || attrsOf(newest).id === id || !/:\d+$/.test(id) || isAsWanted(newest, want)) return undefined
  const found = await revisionAt(aws, id)
  const is = found?.definition
  return is?.status === 'ACTIVE' ? found : undefined
}

const isAsWanted = (is: Definition, want: Partial<TaskDefinitionProps>): boolean => {
  const seen: Readonly<Record<string, unknown>> = taskDefinitionProps(is, want)
  return Object.entries(want).every(([p, v]) => p === 'region' || same(seen[p] as Json, v as Json))
}

/** What a revision has, in the words in which it was asked for where it means the same. */
export const taskDefinitionProps = (is: Definition, want: Partial<TaskDefinitionProps>): Omit<TaskDefinitionProps, 'region'> => ({
  cpu: Number(is.cpu),
  memory: Number(is.memory),
  executionRoleArn: is.executionRoleArn ?? '',
  taskRoleArn: is.taskRoleArn ?? '',
  cpuArchitecture: is.runtimePlatform?.cpuArchitecture ?? 'X86_64',
  containers: inWantedWords(is.containerDefinitions ?? [], want.containers, want.region),
})

const attrsOf = (r: Definition): TaskDefinitionAttrs => ({ id: `${r.family}:${r.revision}`, arn: r.taskDefinitionArn ?? '' })

const activeOf = async (aws: Aws, familyPrefix: string): Promise<string[]> => {
  const arns: string[] = []
  for (let nextToken: string | undefined, more = true; more; more = nextToken !== undefined) {
    const page = await aws.ecs('ListTaskDefinitions', { familyPrefix, status: 'ACTIVE', ...(nextToken ? { nextToken } : {}) })
    // The whole name of the family is asked for; to be sure, since what is listed is deleted.
    arns.push(...(page.taskDefinitionArns ?? []).filter((arn) => familyOf(arn) === familyPrefix))
    nextToken = page.nextToken
  }
  return arns
}

const request = (family: string, want: TaskDefinitionProps) => ({
  family,
  networkMode: 'awsvpc' as const,
  requiresCompatibilities: ['FARGATE' as const],
  cpu: String(want.cpu),
  memory: String(want.memory),
  executionRoleArn: want.executionRoleArn,
  ...(want.taskRoleArn === undefined ? {} : { taskRoleArn: want.taskRoleArn }),
  ...(want.cpuArchitecture === undefined
    ? {}
    : { runtimePlatform: { cpuArchitecture: want.cpuArchitecture, operatingSystemFamily: 'LINUX' as const } }),
  containerDefinitions: want.containers.map((c) => toAws(c, want.region)),
})
