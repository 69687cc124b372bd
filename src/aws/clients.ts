import type { CommandIO } from '@smithy/types'
import { Interrupted } from '../core/errors.ts'
import { canonical } from '../core/json.ts'
import { HEADERS_MS, wholeAnswers } from './answer.ts'
import { failedIn } from './call-of.ts'
import { type AskCode, credentialsFor } from './credentials.ts'
import { type Check, checkEachAttempt, type Guarded, guard } from './guard.ts'
import { allPages } from './lists.ts'
import { agentsFor } from './proxy.ts'
import { pricingRegion } from './regions.ts'
import { withoutSecrets } from './secrecy.ts'
import { closedSql, type SqlSend } from './sql.ts'

/** Each SDK client is a chunk of its own, loaded when the first call of its service is made. */
const services = {
  acm: () => import('./services/acm.ts'),
  autoScaling: () => import('./services/autoscaling.ts'),
  cloudWatch: () => import('./services/cloudwatch.ts'),
  ec2: () => import('./services/ec2.ts'),
  ecr: () => import('./services/ecr.ts'),
  ecs: () => import('./services/ecs.ts'),
  elb: () => import('./services/elb.ts'),
  freeTier: () => import('./services/freetier.ts'),
  iam: () => import('./services/iam.ts'),
  logs: () => import('./services/logs.ts'),
  pricing: () => import('./services/pricing.ts'),
  rds: () => import('./services/rds.ts'),
  s3: () => import('./services/s3.ts'),
  secretsManager: () => import('./services/secretsmanager.ts'),
  sns: () => import('./services/sns.ts'),
  ssm: () => import('./services/ssm.ts'),
  sts: () => import('./services/sts.ts'),
}

type Services = typeof services
export type ServiceName = keyof Services
type Module<S extends ServiceName> = Awaited<ReturnType<Services[S]>>
type Operation<S extends ServiceName> = { [K in keyof Module<S>]: K extends `${infer Op}Command` ? Op : never }[keyof Module<S>]
type CommandOf<S extends ServiceName, Op extends string> = Module<S>[`${Op}Command` & keyof Module<S>] extends new (
  ...args: never[]
) => infer C
  ? C
  : never
type Input<S extends ServiceName, Op extends string> = CommandOf<S, Op> extends CommandIO<infer I, infer _> ? I : never
type Output<S extends ServiceName, Op extends string> = CommandOf<S, Op> extends CommandIO<infer _, infer O> ? O : never

/** Sends one operation: `aws.ec2('DescribeVpcs', { Filters })`. Names and shapes are the SDK's own. */
export type Send<S extends ServiceName> = <Op extends Operation<S> & string>(
  operation: Op,
  input: Input<S, Op>,
) => Promise<Output<S, Op>>

/** How kinds reach AWS: one function for each service, and one for what is inside a database server. */
export type Aws = { readonly [S in ServiceName]: Send<S> } & { readonly sql: SqlSend }

export interface LocalAws {
  readonly url: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

export interface Connection {
  readonly region: string
  /** The sandbox's loopback URL, and the credentials that it answers to. Without it the SDK's own environment variables and files count. */
  readonly sandbox?: LocalAws | undefined
  readonly profile?: string | undefined
  /** Asks for the code of a profile with MFA; without it, such a profile is refused. */
  readonly askCode?: AskCode | undefined
  /** Told to stop: what is in flight then has {@link LEFT_MS} left. */
  readonly signal?: AbortSignal | undefined
  /** Hears each call: for --verbose. */
  readonly onCall?: ((service: ServiceName, operation: string, ms: number, error?: Error) => void) | undefined
}

/** At most this many calls in flight, per service: waiting resources hold none. */
const IN_FLIGHT = 10
const MAX_ATTEMPTS = 8

/** Clients for one run, made when first used; all share one resolution of the credentials. */
export const connect = (to: Connection): Aws => {
  let shared: Promise<object> | undefined
  const inFlight = stoppable(to.signal)
  const make = async (service: ServiceName): Promise<Call> => {
    shared ??= to.sandbox ? Promise.resolve(sandbox(to.sandbox)) : account(to)
    const [module, access] = await Promise.all([services[service]() as Promise<unknown> as Promise<Loaded>, shared])
    const client = new module.Client({
      region: service === 'pricing' ? pricingRegion(to.region) : to.region,
      maxAttempts: MAX_ATTEMPTS,
      retryMode: 'standard',
      customUserAgent: 'infra',
      logger: UNREAD,
      // A state bucket may be in another region than the stack.
      ...(service === 's3' ? { followRegionRedirects: true } : {}),
      ...access,
    })
    guard(client, IN_FLIGHT)
    wholeAnswers(client)
    const once: Call = async (operation, input, check) => {
      const Command = module[`${operation}Command`]
      if (!Command) throw new Error(`operation ${service}.${operation} is not in src/aws/services`)
      const { Body } = input as { Body?: unknown }
      const size = typeof Body === 'string' || Body instanceof Uint8Array ? Body.length : 0
      const options = { requestTimeout: HEADERS_MS + size / SLOWEST_UPLOAD }
      const command = new Command(input)
      if (check) checkEachAttempt(command, check)
      // What is recorded in a bucket is let through to its end.
      return service === 's3'
        ? client.send(command, options)
        : inFlight((abortSignal) => client.send(command, { ...options, abortSignal }))
    }
    return service === 'ec2' ? (operation, input, check) => allPages(operation, input, (o, i) => once(o, i, check)) : once
  }
  const send = (service: ServiceName): unknown => {
    let client: ReturnType<typeof make> | undefined
    return async (operation: string, input: object, check?: Check): Promise<unknown> => {
      client ??= make(service)
      const call = await client
      const began = performance.now()
      try {
        const answer = await call(operation, input, check)
        to.onCall?.(service, operation, performance.now() - began)
        return answer
      } catch (error) {
        withoutSecrets(error, service, input)
        to.onCall?.(service, operation, performance.now() - began, error as Error)
        failedIn(error, `${service}.${operation}`)
        throw error
      }
    }
  }
  const all = Object.fromEntries((Object.keys(services) as ServiceName[]).map((s) => [s, send(s)]))
  return { ...all, sql: closedSql('this command does not look into databases') } as unknown as Aws
}

const unread = (): void => {}
/**
 * Nobody reads the SDK's log. For one with `info`, the SDK makes a copy of each input and answer, without what is sensitive: a tenth of
 * the CPU of a run.
 */
const UNREAD = { trace: unread, debug: unread, warn: unread }

/** Bytes a millisecond: a slower line could not send a part of a dump in time. */
const SLOWEST_UPLOAD = 32
// Without the last one the SDK only warns that a call hangs, and goes on hanging.
const PATIENCE = { connectionTimeout: 5000, requestTimeout: HEADERS_MS, throwOnRequestTimeout: true }

/** The sandbox is on this machine: no proxy, and credentials of its own. */
const sandbox = ({ url, credentials }: LocalAws): object => ({
  endpoint: url,
  credentials,
  requestHandler: PATIENCE,
})

const account = async (to: Connection): Promise<object> => {
  const { proxy, ...agents } = await agentsFor()
  // A proxy looks up the name and connects on its part before it answers.
  const requestHandler = { ...PATIENCE, ...agents, ...(proxy ? { connectionTimeout: 15_000 } : {}) }
  return { requestHandler, credentials: await credentialsFor({ ...to, requestHandler }) }
}

/** For calls in flight when the run is told to stop. Their outcome is unknown then, as after a kill: the next run looks. */
const LEFT_MS = 5000

const stoppable = (signal: AbortSignal | undefined): (<T>(call: (signal: AbortSignal) => Promise<T>) => Promise<T>) => {
  const flying = new Set<AbortController>()
  signal?.addEventListener('abort', () => {
    const now = [...flying]
    setTimeout(() => {
      for (const one of now) one.abort()
    }, LEFT_MS).unref()
  })
  return async (call) => {
    const stop = new AbortController()
    flying.add(stop)
    try {
      return await call(stop.signal)
    } catch (error) {
      throw stop.signal.aborted ? new Interrupted() : error
    } finally {
      flying.delete(stop)
    }
  }
}

type Call = (operation: string, input: object, check?: Check) => Promise<unknown>

/** What every service module looks like from here. */
interface Loaded {
  readonly Client: new (
    config: object,
  ) => Parameters<typeof guard>[0] &
    Parameters<typeof wholeAnswers>[0] & { send(command: unknown, options: object): Promise<unknown> }
  readonly [command: `${string}Command`]: new (input: object) => Guarded
}

/** One pass over the world: an identical read is sent once and its answer shared. Only for reads. */
export const pass = (aws: Aws): Aws => {
  const asked = new Map<string, Promise<unknown>>()
  const wrap = (service: keyof Aws): unknown => {
    const send = aws[service] as (operation: string, input: object) => Promise<unknown>
    return (operation: string, input: object): Promise<unknown> => {
      const id = `${service}.${operation} ${canonical(input)}`
      const running = asked.get(id) ?? send(operation, input)
      asked.set(id, running)
      return running
    }
  }
  return Object.fromEntries((Object.keys(aws) as (keyof Aws)[]).map((s) => [s, wrap(s)])) as unknown as Aws
}
