import type { Aws } from '../../aws/clients.ts'
import type { TaskDefinition } from '../../aws/services/ecs-types.ts'
import type { Config } from '../../config/config.ts'
import type { JsonObject } from '../../core/json.ts'
import { maybeSecret } from '../../ecs/difference.ts'
import { allDeployed, type Edit, overlayAfter, overlayOf, pendingOf, type Step, withOverlay } from '../../ecs/record.ts'
import { revisionAt, revisionOf } from '../../ecs/revision.ts'
import { allCounts } from '../../ecs/sleep-record.ts'
import type { Graph } from '../../engine/graph.ts'
import type { Survey } from '../../engine/kind.ts'
import { knownProps, resolve } from '../../engine/ref.ts'
import type { Overlay } from '../../state/memory.ts'
import type { Lookups } from '../../steps/types.ts'
import { declaredImage, knownOutputs } from '../images.ts'
import type { Session } from '../types.ts'
import { countsOf } from './counts.ts'
import { inConfigWords, stepBack } from './rollback-step.ts'

type Part = NonNullable<TaskDefinition['containerDefinitions']>[number]

/** A service that runs what the record does not explain: it was lost, or a deploy was made without it. */
export interface Unrecorded {
  readonly key: string
  /** For example `web:7`. */
  readonly revision: string
  readonly arn: string
  /** By name, what differs from infra.yaml and the record: `image v5`, `LOG_LEVEL`. */
  readonly differs: readonly string[]
  /** What cannot be kept: a plain text that sounds like a secret comes into no state. */
  readonly lost: readonly string[]
  /** How many tasks it runs, or that it sleeps: a sentence each. */
  readonly counts: readonly string[]
  /** It has tasks, or is to have some: it does not wait for an image. */
  readonly runs: boolean
  /** Records that what runs was deployed. */
  readonly deployed: Edit
  /** Records its count and its sleep. */
  readonly counted: Edit
}

/**
 * What runs counts as deployed where nobody has recorded how it came there. Only services of this stack; one of which ECS says that its
 * rollout failed tells nothing.
 */
export const unrecordedIn = async (s: Session, at: Lookups, survey: Survey): Promise<Unrecorded[]> => {
  if (!s.config.steps.includes('ecs')) return []
  const all = await Promise.all(
    Object.keys(s.config.ecs.services).map(async (key) => {
      const seen = survey.get(`${key}-service`)
      const row = s.state.row(`${key}-service`)
      const arn = seen && seen.is !== 'absent' && seen.is !== 'deleting' && !seen.foreign ? seen.props?.taskDefinition : undefined
      if (typeof arn !== 'string' || arn.includes(' ') || row?.adopted || knownRevisions(s, key).has(revisionOf(arn))) return []
      return [await unrecorded(s, at, survey, key, arn, row?.attrs !== undefined)]
    }),
  )
  return all.flat()
}

/** What this state has deployed, or was about to. */
const knownRevisions = ({ state }: Session, key: string): ReadonlySet<string> => {
  const intent = pendingOf(state.services, key)
  const service = state.row(`${key}-service`)
  const arns = [service?.attrs && service.want.taskDefinition, state.row(`${key}-task-definition`)?.attrs?.arn]
  return new Set(
    [...arns.map((arn) => revisionOf(String(arn ?? ''))), intent?.revision, intent?.from, intent?.base].filter(
      Boolean,
    ) as string[],
  )
}

const unrecorded = async (
  s: Session,
  at: Lookups,
  survey: Survey,
  key: string,
  arn: string,
  known: boolean,
): Promise<Unrecorded> => {
  const of = s.config.ecs.services[key]
  const running = (await revisionAt(s.aws, arn))?.definition
  const part = running?.containerDefinitions?.find((c) => c.name === of?.container)
  const { step, overlay, recorded } = await stepTo(s, at.account, key, running)
  const { image, environment, secrets, unset } = step
  const { sentences, counted, runs } = known ? { sentences: [], counted: same, runs: true } : await countsOf(s, key, survey)
  return {
    key,
    revision: revisionOf(arn),
    arn,
    differs: [
      ...(image === undefined ? [] : [`image ${tagOf(image)}`]),
      ...Object.keys(environment),
      ...Object.keys(secrets),
      ...unset,
    ].filter((name, i, all) => all.indexOf(name) === i),
    lost:
      running && !part
        ? [`the container ${of?.container} is not in it`]
        : textsThatAreLost(s.config, at.account, key, part, recorded),
    counts: sentences,
    runs,
    deployed: (l) => withOverlay(l, key, overlay),
    counted,
  }
}

const same: Edit = (l) => l

const NONE: Step = { image: undefined, environment: {}, secrets: {}, unset: [] }

/** What leads from the record, or without one from infra.yaml, to what runs, and what counts as deployed then. */
const stepTo = async (s: Session, account: string, key: string, running: TaskDefinition | undefined) => {
  const of = s.config.ecs.services[key]
  const part = running?.containerDefinitions?.find((c) => c.name === of?.container)
  const arn = s.state.row(`${key}-service`)?.attrs && s.state.row(`${key}-task-definition`)?.attrs?.arn
  const recorded = typeof arn === 'string' ? (await revisionAt(s.aws, arn))?.definition : undefined
  const step =
    !of || !running || !part
      ? NONE
      : recorded
        ? stepBack(s.config.secrets, recorded, running, of.container)
        : stepFromConfig(s.config, account, key, part)
  const before = recorded ? overlayOf(s.state.services, key) : undefined
  return { step, recorded, overlay: of && overlayAfter(before, step, of) }
}

/**
 * What counts as deployed below a new deploy, where what runs is not recorded: the deploy builds upon it, so it must not be forgotten.
 * Undefined where the record knows what runs.
 */
export const overlayBelow = async (
  s: Session,
  account: string,
  key: string,
  running: TaskDefinition,
): Promise<{ readonly overlay: Overlay | undefined } | undefined> =>
  knownRevisions(s, key).has(revisionOf(running.taskDefinitionArn)) ? undefined : stepTo(s, account, key, running)

/** `v5` of a whole image; all of it where it has no tag. */
const tagOf = (image: string): string => /:([\w.-]+)$/.exec(image)?.[1] ?? image

const textsOf = (part: Part | undefined): [name: string, value: string][] =>
  (part?.environment ?? []).map((e) => [e.name ?? '', e.value ?? ''])

/** What the container has and infra.yaml does not say, in the words of the config. */
const stepFromConfig = (config: Config, account: string, key: string, part: Part): Step => {
  const of = config.ecs.services[key]
  const known = knownOutputs(config, account)
  const declared = of?.environment ?? {}
  const own = (name: string, value: string): boolean =>
    Object.hasOwn(declared, name) && isText(declared[name] ?? '', value, known)
  const secrets = (part.secrets ?? []).map((e) => [e.name ?? '', inConfigWords(config.secrets, e.valueFrom ?? '')] as const)
  const there = new Set([...textsOf(part).map(([name]) => name), ...secrets.map(([name]) => name)])
  return {
    image: isText(declaredImage(config, key), part.image ?? '', known) ? undefined : part.image,
    environment: Object.fromEntries(textsOf(part).filter(([name, value]) => !own(name, value) && !maybeSecret(name, value))),
    secrets: Object.fromEntries(secrets.filter(([name, from]) => of?.secrets[name] !== from)),
    unset: [...Object.keys(declared), ...Object.keys(of?.secrets ?? {})].filter((name) => !there.has(name)),
  }
}

/** Whether a text of the config may have come to this value: what an output is, is not always known yet. */
const isText = (text: string, value: string, known: Readonly<Record<string, string>>): boolean => {
  const pattern = text
    .split(/\$\{([^}]*)\}/)
    .map((part, i) => (i % 2 === 0 ? escaped(part) : known[part] === undefined ? '.*' : escaped(known[part])))
    .join('')
  return new RegExp(`^${pattern}$`, 's').test(value)
}
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Plain texts that sound like secrets, and that neither infra.yaml nor the revision that is recorded has like this. */
const textsThatAreLost = (
  config: Config,
  account: string,
  key: string,
  part: Part | undefined,
  recorded: TaskDefinition | undefined,
): string[] => {
  const of = config.ecs.services[key]
  const before = new Map(textsOf(recorded?.containerDefinitions?.find((c) => c.name === part?.name)))
  const known = knownOutputs(config, account)
  return textsOf(part)
    .filter(([name, value]) => maybeSecret(name, value) && before.get(name) !== value)
    .filter(([name, value]) => !Object.hasOwn(of?.environment ?? {}, name) || !isText(of?.environment[name] ?? '', value, known))
    .map(([name]) => name)
}

/** @param undo what runs is not to be kept */
export const editOf =
  (all: readonly Unrecorded[], undo = false): Edit =>
  (services) =>
    all.reduce((l, one) => one.counted(undo ? l : one.deployed(l)), services)

/** The same answers, with what runs counted as deployed, scaled or asleep. */
export const withUnrecorded = (s: Session, at: Lookups, all: readonly Unrecorded[], undo = false): Lookups => {
  if (all.length === 0) return at
  const declared = s.config.ecs.services
  const services = editOf(all, undo)(s.state.services)
  const running = new Set(all.filter((one) => one.runs).map((one) => one.key))
  const images = Object.fromEntries(Object.entries(at.images ?? {}).filter(([key]) => !running.has(key)))
  return { ...at, deployed: allDeployed(services, declared), counts: allCounts(services, declared), images }
}

/** Without a record the newest revision of a family would be taken for the one that counts; it is the one that runs. */
export const asRunning = async (
  s: Session,
  aws: Aws,
  graph: Graph<Aws>,
  survey: Survey,
  all: readonly Unrecorded[],
): Promise<Survey> => {
  const attrsOf = (key: string): JsonObject | undefined => {
    const seen = survey.get(key)
    return s.state.row(key)?.attrs ?? (seen && seen.is !== 'absent' ? seen.attrs : undefined)
  }
  const looks = all.flatMap(({ key, arn, revision }) => {
    const node = graph.get(`${key}-task-definition`)
    if (!node || s.state.row(node.key)?.attrs) return []
    const want = knownProps(resolve(node.props, attrsOf) as Record<string, unknown>)
    return [
      node.kind
        .observe(aws, s.stamp(node, ''), want as JsonObject, { id: revision, arn })
        .then((seen) => [node.key, seen] as const),
    ]
  })
  return new Map([...survey, ...(await Promise.all(looks))])
}
