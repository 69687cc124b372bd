import { type Aws, connect } from '../aws/clients.ts'
import { explain, type Surroundings } from '../aws/explain.ts'
import { type Caller, whoAmI } from '../aws/identity.ts'
import { isOptIn } from '../aws/regions.ts'
import { codeOf } from '../aws/trouble.ts'
import { InfraError, refuse } from '../core/errors.ts'
import type { Sandbox } from '../sandbox/index.ts'
import { mfaCode } from '../ui/ask.ts'
import type { Io } from '../ui/io.ts'
import { type Globals, ioOf, wantsSandbox } from './globals.ts'

/** AWS at hand, and who is calling: what every command needs, with or without a config. */
export interface Reach {
  readonly io: Io
  readonly sandbox: boolean
  /** The sandbox plays that its databases answer only from inside their network. */
  readonly privateDatabases: boolean
  readonly endpoint: string | undefined
  readonly aws: Aws
  readonly caller: Caller
  readonly surroundings: Surroundings
}

/**
 * @param signal told to stop: calls in flight end soon
 * @throws InfraError with exit code 2
 */
export const reach = async (g: Globals, region: string, profile = g.profile, signal?: AbortSignal): Promise<Reach> => {
  const io = ioOf(g)
  const sandbox = wantsSandbox(g)
  const local = sandbox ? await startSandbox(io) : undefined
  const endpoint = local?.url ?? process.env.AWS_ENDPOINT_URL
  onlyLoopback(endpoint)
  const aws = connect({
    region,
    sandbox: local,
    profile,
    askCode: mfaCode(),
    signal,
    onCall: io.verbose
      ? (service, operation, ms, error) =>
          io.note(io.c.dim(`  ${service}.${operation} ${ms.toFixed(0)} ms${error ? ` ${error.name}` : ''}`))
      : undefined,
  })
  const surroundings: Surroundings = { sandbox, region, profile: profile ?? process.env.AWS_PROFILE }
  const caller = await orRefused(
    surroundings,
    whoAmI(aws).catch((error) => sureOf(error, surroundings, { profile, signal })),
  )
  return { io, sandbox, privateDatabases: local?.privateDatabases === true, endpoint, aws, caller, surroundings }
}

/** A region that is off says the same as to wrong keys: another one is asked who they belong to. Throws what is the case. */
const sureOf = async (
  error: unknown,
  at: Surroundings,
  how: { profile?: string | undefined; signal?: AbortSignal | undefined },
) => {
  if (at.sandbox || !isOptIn(at.region) || codeOf(error) !== 'InvalidClientTokenId') throw error
  const { account } = await whoAmI(connect({ region: 'us-east-1', askCode: mfaCode(), ...how })).catch(() => {
    throw error
  })
  throw refuse(
    `The region ${at.region} is not enabled in account ${account}`,
    'the credentials work elsewhere',
    `aws account enable-region --region-name ${at.region}${at.profile ? ` --profile ${at.profile}` : ''} (some minutes), or choose another --region`,
  )
}

/** Until the run begins, every error is a refusal: nothing was changed yet. */
export const orRefused = async <T>(surroundings: Surroundings, work: Promise<T>): Promise<T> => {
  try {
    return await work
  } catch (error) {
    if (error instanceof InfraError && error.exitCode === 2) throw error
    const e = explain(error, surroundings)
    throw new InfraError(e.what, { why: e.why, next: e.next, exitCode: 2, cause: e.cause })
  }
}

const startSandbox = async (io: Io): Promise<Sandbox> => {
  const { ensureSandbox } = await import('../sandbox/index.ts')
  return ensureSandbox({ report: (line: string) => io.note(io.c.dim(line)) })
}

/** The test suite sets this: no client may reach anything but this machine, whatever a test does wrong. */
const onlyLoopback = (endpoint: string | undefined): void => {
  if (process.env.INFRA_LOOPBACK_ONLY !== '1') return
  if (!endpoint || !/^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(\/|$)/.test(endpoint))
    throw new InfraError(`INFRA_LOOPBACK_ONLY is set, but the endpoint is ${endpoint ?? 'the real AWS'}`, { exitCode: 2 })
}
