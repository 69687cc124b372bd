import { classify } from '../aws/trouble.ts'
import { InfraError } from '../core/errors.ts'
import type { TaskPlace } from './task-look.ts'

export interface Stopped {
  readonly exitCode: number | undefined
  /** `TaskFailedToStart`, `EssentialContainerExited` and so on. */
  readonly code: string
  readonly reason: string
  readonly containerReason: string
  readonly place: TaskPlace
}

const AGAIN = 'Run the same command again: it first looks at what is there'
const OTHERWISE = 'or set databases.via in infra.yaml to ssm or direct'

/** AWS refused to start it, but not with an error. docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html */
export const explainFailure = (failure: { reason?: string | undefined; detail?: string | undefined } | undefined): InfraError => {
  const reason = [failure?.reason, failure?.detail].filter(Boolean).join(': ') || 'AWS gave no reason'
  if (/capacity/i.test(reason))
    return new InfraError('AWS has no room for a container in these zones now', {
      why: reason,
      next: `Run the same command again in a minute, give the network subnets in more zones, ${OTHERWISE}`,
    })
  if (/^RESOURCE:/.test(reason))
    return new InfraError('The account or the network has no room for a container', {
      why: reason,
      next: `Free some, ${OTHERWISE}`,
    })
  return new InfraError('AWS did not start the container', { why: reason, next: AGAIN })
}

/** Its role was made a moment ago and is not known everywhere yet. Nothing has run, so it can be started once more. */
class TooEarly extends InfraError {}
export const isTooEarly = (error: unknown): boolean =>
  error instanceof TooEarly || (!(error instanceof InfraError) && classify(error) === 'propagating')

/** Why a container did not do its work. docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html */
export const explainStop = (stopped: Stopped, log: readonly string[]): InfraError => {
  const { exitCode, code, place } = stopped
  const reason = [stopped.reason, stopped.containerReason].filter(Boolean).join('; ')
  if (exitCode === undefined) return explainNoStart(reason, place)
  if (exitCode === 137 || /OutOfMemory/.test(reason))
    return new InfraError('The container was ended before it had finished', {
      why: reason || 'it ran out of memory',
      next: AGAIN,
    })
  if (exitCode !== 0)
    return new InfraError(`The container ended with the code ${exitCode}`, {
      // What begins with a mark is in base64, for us.
      why: [reason || code, ...log.filter((l) => !l.startsWith('@')).slice(-3)].filter(Boolean).join('; '),
      next: AGAIN,
    })
  return new InfraError('The container has ended, but its log is not complete', {
    why: `what it did is not known here: ${place.logGroup} holds ${log.length} lines of it`,
    next: AGAIN,
  })
}

const explainNoStart = (reason: string, place: TaskPlace): InfraError => {
  const where = place.publicAddress
    ? 'its subnet has a public address but no route to the internet'
    : 'its subnet has no NAT gateway'
  const route = 'Put it into a public subnet with a public address, or a private one with a NAT gateway'
  const noRoute = /timeout|timed out|deadline|no such host|no route|canceled|connection (refused|reset)|i\/o/i.test(reason)
  if (/CannotPull/.test(reason))
    return noRoute
      ? new InfraError('The container has no way to the registry of its image', {
          why: `${where} (${reason})`,
          next: `${route}, ${OTHERWISE}`,
        })
      : new InfraError('The image of the container cannot be fetched', { why: reason, next: AGAIN })
  if (/unable to assume|cannot be assumed/i.test(reason))
    return new TooEarly('ECS may not use the role of the container', { why: reason, next: AGAIN })
  if (/secret|ResourceInitializationError/i.test(reason)) {
    if (/AccessDenied|not authorized/i.test(reason))
      return new TooEarly('The container may not read the secrets of the database', {
        why: reason,
        next: `${AGAIN}. A key of your own on the secret needs kms:Decrypt for the role of the container too`,
      })
    if (/json key|invalid character|unmarshal/i.test(reason))
      return new InfraError('A secret of the database lacks a key that is needed', {
        why: reason,
        next: 'Put it into the secret, then run the same command again',
      })
    if (noRoute)
      return new InfraError('The container has no way to Secrets Manager', {
        why: `${where} (${reason})`,
        next: `${route}, ${OTHERWISE}`,
      })
  }
  return new InfraError('The container did not start', { why: reason || 'AWS gave no reason', next: AGAIN })
}
