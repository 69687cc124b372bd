import type { ErrorCode } from '../core/errors.ts'
import { consoleUrl } from './regions.ts'

/** Where an error was met. */
export interface Surroundings {
  readonly sandbox: boolean
  readonly region: string
  readonly profile?: string | undefined
  /** ARN of the caller, when it is known. */
  readonly identity?: string | undefined
}

export interface Words {
  readonly what: string
  readonly why?: string
  readonly next?: string
  readonly code?: ErrorCode
}

/** By the error's code, and where a code stands for many things, by its message. */
export type Rule = readonly [code: RegExp, words: (error: Error, at: Surroundings) => Words, says?: RegExp]

export const AGAIN = 'then run the same command again'
/** Where one quota is raised; without a code, where all of the service are. */
export const quota = (at: Surroundings, service?: string, code?: string): string =>
  consoleUrl(at.region, `servicequotas/home${service ? `/services/${service}/quotas${code ? `/${code}` : ''}` : ''}`) ??
  'Service Quotas in the console'
export const more = (at: Surroundings, service?: string, code?: string): string =>
  `Ask for more at ${quota(at, service, code)}, or remove what is not needed, ${AGAIN}`
