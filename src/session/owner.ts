import { ecsTagMap, STACK_TAG } from '../aws/tags.ts'
import { refuse } from '../core/errors.ts'
import { type Found, findService, type Patience } from '../ecs/service.ts'
import { commandLine, type Globals } from './globals.ts'
import { type ServicePlace, wordsOf } from './service.ts'
import type { Session } from './types.ts'

/** The stack that a command works on: as its config says, or as the tag of a resource does. */
interface Stack {
  readonly project: string
  readonly environment: string
}

/** The stack that a resource's tags name; undefined where infra did not make it. */
export const stackIn = (tags: Readonly<Record<string, string>>): Stack | undefined => {
  const text = tags[STACK_TAG]
  if (!text) return undefined
  const at = text.lastIndexOf('/')
  return { project: text.slice(0, at), environment: text.slice(at + 1) }
}

export interface Target {
  /** For the sentence: "The service web". */
  readonly what: string
  /** The tags that it carries in AWS. */
  readonly tags: Readonly<Record<string, string>>
  /** The command that was typed, from its verb on: it is printed with the environment that owns the resource. */
  readonly words: string
}

/**
 * Names in infra.yaml may be the same in every environment, and a cluster or a service can be named by hand: what carries the tag of
 * another stack is refused before anything is asked or changed.
 * @param own undefined where there is no config: then the person has named exactly this resource
 * @throws InfraError (exit 2)
 */
export const refuseOthers = (own: Stack | undefined, g: Globals, { what, tags, words }: Target): void => {
  const theirs = stackIn(tags)
  if (!own || !theirs || (theirs.project === own.project && theirs.environment === own.environment)) return
  const { config: _, ...rest } = g
  const same = theirs.project === own.project
  const line = commandLine({ ...(same ? g : rest), env: theirs.environment }, words)
  throw refuse(
    `${what} belongs to the stack ${theirs.project}/${theirs.environment}, not to ${own.project}/${own.environment}`,
    'infra changes nothing of another stack, and shows nothing of it under this name',
    same ? line : `In the folder of ${theirs.project}: ${line}`,
  )
}

/** For a service that the stack has made a moment ago: as long as the engine would wait for it. */
export const justMade = (s: Pick<Session, 'state' | 'context'>, key: string | undefined): Patience | undefined => {
  const row = key === undefined ? undefined : s.state.row(`${key}-service`)
  if (!row?.attrs || row.is === 'deleting') return undefined
  const { clock, signal, graceMs } = s.context(() => undefined)
  const until = Date.parse(row.at) + graceMs
  return until > clock.now() ? { until, clock, signal } : undefined
}

/**
 * The service that is meant, as it runs now.
 * @param words the command that was typed, behind its verb: for the sentence about another stack
 * @throws InfraError (exit 2) where there is none, or it belongs to another stack
 */
export const findOwn = async (p: ServicePlace, verb: string, words = ''): Promise<Found> => {
  const { named, stack, g } = p
  const other = `Name a service that is there: ${commandLine(g, `${verb} --cluster <name> --service <name>`)}`
  const instead = stack && named.key !== undefined ? `Create it: ${commandLine(g, 'create ecs')}. ${other}` : other
  const found = await findService(p.aws, named.cluster, named.name, instead, stack && justMade(stack, named.key))
  // Taken in by a person: then it is theirs to say whose it is.
  if (stack?.state.row(`${named.key}-service`)?.adopted) return found
  const of = { what: `The service ${found.name}`, tags: ecsTagMap(found.service.tags), words: wordsOf(g, named, verb, words) }
  refuseOthers(stack?.config, g, of)
  return found
}
