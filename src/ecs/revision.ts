import type { Aws } from '../aws/clients.ts'
import type { RegisterTaskDefinitionCommandInput, Service, Tag, TaskDefinition } from '../aws/services/ecs-types.ts'
import { unlessGone } from '../aws/trouble.ts'
import { refuse } from '../core/errors.ts'
import { canonical } from '../core/json.ts'

type Ecs = Pick<Aws, 'ecs'>

/** A revision of a task definition, and its tags, which AWS keeps beside it. */
export interface Revision {
  readonly definition: TaskDefinition
  readonly tags?: readonly Tag[]
}

/**
 * A revision by ARN or `family:revision`, also a deregistered one; of a family alone its newest active one. Undefined where there is
 * none. ECS has no error name of its own for that.
 */
export const revisionAt = async (aws: Ecs, taskDefinition: string): Promise<Revision | undefined> => {
  const found = await unlessGone(aws.ecs('DescribeTaskDefinition', { taskDefinition, include: ['TAGS'] }))
  const { taskDefinition: definition, tags } = found ?? {}
  const asked = revisionOf(taskDefinition)
  const shown = revisionOf(definition?.taskDefinitionArn)
  if (shown !== asked && shown.replace(/:\d+$/, '') !== asked) return undefined
  return definition?.taskDefinitionArn ? { definition, ...(tags?.length ? { tags } : {}) } : undefined
}

/** `web:7` of an ARN. */
export const revisionOf = (arn: string | undefined): string => arn?.split('/').at(-1) ?? ''

/** ARNs of the active revisions of a family, the newest first: as many as one page has. */
export const findRevisions = async (aws: Ecs, familyPrefix: string): Promise<string[]> => {
  const { taskDefinitionArns = [] } = await aws.ecs('ListTaskDefinitions', { familyPrefix, status: 'ACTIVE', sort: 'DESC' })
  const number = (arn: string): number => Number(arn.split(':').at(-1))
  // The whole name of the family is asked for; to be sure, since one of them may be gone back to.
  return taskDefinitionArns
    .filter((arn) => revisionOf(arn).replace(/:\d+$/, '') === familyPrefix)
    .sort((a, b) => number(b) - number(a))
}

/** What a deploy changes. Everything else stays as it runs. */
export interface Changes {
  /** A whole image. */
  readonly image?: string | undefined
  readonly environment: Readonly<Record<string, string>>
  /** By the variable's name: `valueFrom`. */
  readonly secrets: Readonly<Record<string, string>>
  readonly unset: readonly string[]
  /** In this container; the essential one otherwise. */
  readonly container?: string | undefined
}

type Part = NonNullable<TaskDefinition['containerDefinitions']>[number]
type Input = RegisterTaskDefinitionCommandInput

/** What says which container gets the requests: the service that runs the task definition. */
type Balanced = Pick<Service, 'loadBalancers'>

/**
 * Those that may be the application. The one that the service's load balancer sends requests to is it; without one: a log router or a
 * proxy beside it has no port, or is not essential.
 */
export const candidates = (d: TaskDefinition, service?: Balanced): Part[] => {
  const all = d.containerDefinitions ?? []
  const named = new Set(service?.loadBalancers?.map((b) => b.containerName))
  const behind = all.filter((c) => named.has(c.name))
  if (behind.length === 1) return behind
  const essential = all.filter((c) => c.essential !== false)
  if (essential.length === 1) return essential
  const open = essential.filter((c) => (c.portMappings ?? []).length > 0)
  return open.length === 1 ? open : all
}

/**
 * The container that the application runs in.
 * @param name where a person has named it
 * @param service the service that runs it, if it is one of a service
 * @throws InfraError (exit 2) when there is no such container, or several may be it
 */
export const containerOf = (d: TaskDefinition, name?: string, service?: Balanced): Part => {
  const all = d.containerDefinitions ?? []
  const names = all.map((c) => c.name).join(', ')
  if (name !== undefined) {
    const found = all.find((c) => c.name === name)
    if (found) return found
    throw refuse(
      `The task definition ${d.family} has no container ${name}`,
      `it has ${names}`,
      `Name one of them: --container ${all[0]?.name ?? '<name>'}`,
    )
  }
  const [only, ...more] = candidates(d, service)
  if (only && more.length === 0) return only
  throw refuse(
    `The task definition ${d.family} has ${all.length} containers, and which one is the application cannot be told`,
    names,
    'Name it with --container',
  )
}

/** As RegisterTaskDefinition takes it: without what only AWS itself says of a revision. */
export const inputOf = (d: TaskDefinition): Input => {
  const {
    taskDefinitionArn: _a,
    revision: _r,
    status: _s,
    requiresAttributes: _q,
    compatibilities: _c,
    registeredAt: _t,
    registeredBy: _b,
    deregisteredAt: _d,
    deleteRequestedAt: _e,
    family,
    containerDefinitions,
    ...rest
  } = d
  return { ...rest, family: family ?? '', containerDefinitions: containerDefinitions ?? [] }
}

/** The task definition with these changes. @throws InfraError (exit 2) when the container cannot be told */
export const changed = (d: TaskDefinition, of: Changes): Input => {
  const main = containerOf(d, of.container)
  // ECS refuses a name that is both a variable and a secret.
  const gone = new Set([...of.unset, ...Object.keys(of.secrets)])
  const noSecret = new Set([...of.unset, ...Object.keys(of.environment)])
  const environment = put(main.environment, gone, of.environment, (name, value) => ({ name, value }))
  const secrets = put(main.secrets, noSecret, of.secrets, (name, valueFrom) => ({ name, valueFrom }))
  const container: Part = {
    ...main,
    ...(of.image === undefined ? {} : { image: of.image }),
    ...(environment.length > 0 || main.environment ? { environment } : {}),
    ...(secrets.length > 0 || main.secrets ? { secrets } : {}),
  }
  const input = inputOf(d)
  return { ...input, containerDefinitions: input.containerDefinitions?.map((c) => (c.name === main.name ? container : c)) }
}

/** What is set stands where it stood before, and what is new behind it. */
const put = <T extends { readonly name?: string | undefined }>(
  now: readonly T[] = [],
  gone: ReadonlySet<string>,
  set: Readonly<Record<string, string>>,
  made: (name: string, value: string) => T,
): T[] => {
  const kept = now
    .filter((v) => !gone.has(v.name ?? ''))
    .map((v) => ofName(set, v.name, (value) => made(v.name ?? '', value)) ?? v)
  const fresh = Object.entries(set).filter(([name]) => !now.some((v) => v.name === name))
  return [...kept, ...fresh.map(([name, value]) => made(name, value))]
}

const ofName = <T>(
  set: Readonly<Record<string, string>>,
  name: string | undefined,
  made: (value: string) => T,
): T | undefined => {
  const value = name !== undefined && Object.hasOwn(set, name) ? set[name] : undefined
  return value === undefined ? undefined : made(value)
}

/** Whether two definitions mean the same: AWS sorts variables as it likes and writes out what was left empty. */
export const isSame = (a: TaskDefinition | Input, b: TaskDefinition | Input): boolean => plain(a) === plain(b)

const plain = (d: TaskDefinition | Input): string => {
  const { tags: _, ...input } = inputOf(d as TaskDefinition) as Input
  const containers = input.containerDefinitions?.map((c) => ({
    ...c,
    environment: sorted(c.environment),
    secrets: sorted(c.secrets),
  }))
  return canonical(full({ ...input, containerDefinitions: containers }))
}

const sorted = <T extends { readonly name?: string | undefined }>(list: readonly T[] = []): T[] =>
  [...list].sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1))

/** Without what is empty. */
const full = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(full)
  if (value === null || typeof value !== 'object' || value instanceof Date) return value
  const entries = Object.entries(value).map(([k, v]) => [k, full(v)] as const)
  return Object.fromEntries(entries.filter(([, v]) => !isEmpty(v)))
}

const isEmpty = (v: unknown): boolean =>
  v === undefined || v === null || (Array.isArray(v) && v.length === 0) || (typeof v === 'object' && Object.keys(v).length === 0)
