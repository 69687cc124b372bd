import { randomUUID } from 'node:crypto'
import { batched } from '../aws/batch.ts'
import { type Aws, pass } from '../aws/clients.ts'
import { explain } from '../aws/explain.ts'
import { fenced } from '../aws/fence.ts'
import type { Inside as InsideServer } from '../aws/sql.ts'
import { KEY_TAG, ownerOf, STACK_TAG } from '../aws/tags.ts'
import { classify } from '../aws/trouble.ts'
import { type Loaded, loadConfig } from '../config/load.ts'
import { realClock } from '../core/clock.ts'
import type { LockLost } from '../core/errors.ts'
import type { Stamp } from '../engine/kind.ts'
import type { Lock } from '../state/lock.ts'
import { StoredState } from '../state/store.ts'
import { orRefused, reach } from './account.ts'
import { backendFor } from './backend.ts'
import { broughtBack, wayInto } from './database-access/open.ts'
import { checkEnvironment } from './environment.ts'
import { type Globals, wantsSandbox } from './globals.ts'
import { onInterrupt } from './signals.ts'
import type { Depth, How, Inside, Session } from './types.ts'

export type { Session } from './types.ts'

/** How long a create whose answer was lost may stay invisible. EC2 shows new objects within seconds; this is generous. */
const GRACE_SECONDS = 20

/** How a session is opened, besides its config. */
export interface Opening extends How {
  /** Default: `record`. */
  readonly depth?: Depth
  /** What a person who looked in has brought back: nobody else looks then. */
  readonly result?: InsideServer | undefined
  /** Asks what the config leaves open, once the account is known. */
  readonly questions?: ((loaded: Loaded) => Promise<Loaded>) | undefined
  /** Also one that nothing is known of: `recover` looks for it in the account, and makes nothing. */
  readonly anyEnvironment?: boolean
}

/**
 * Reads the config, finds the account, opens the state; with `exclusive` nobody else may work on it meanwhile.
 * @throws InfraError with exit code 2: nothing was changed yet
 */
export const openSession = async (g: Globals, exclusive?: string, loaded?: Loaded, into: Opening = {}): Promise<Session> => {
  const first = loaded ?? (await loadConfig({ file: g.config, environment: g.env, region: g.region }))
  const { region: where, profile, state: at } = first.config
  // A state in a file tells it without an account.
  const near = at === 'local' || wantsSandbox(g)
  if (near && !into.anyEnvironment) await checkEnvironment(first, g, async () => false)
  const stop = new AbortController()
  const reached = await reach(g, where, g.profile ?? profile, stop.signal)
  const { io, sandbox, endpoint, aws: plain, caller, surroundings } = reached
  const orRefuse = <T>(work: Promise<T>): Promise<T> => orRefused(surroundings, work)
  const backend = await backendFor(first, sandbox, plain, { account: caller.account })
  if (!near && !into.anyEnvironment) await orRefuse(checkEnvironment(first, g, async () => (await backend.read()) !== undefined))
  // Nobody is asked anything that a missing right, or a slip in a name, makes pointless.
  const from = into.questions ? await into.questions(first) : first
  const { config } = from
  let held: Lock | undefined
  const interrupt = onInterrupt(io, exclusive ? async () => held?.release() : undefined, stop)
  let lost: LockLost | undefined
  const lose = (why: LockLost): void => {
    lost ??= why
    interrupt.abort(why)
  }
  try {
    if (exclusive) held = await orRefuse(backend.lock(exclusive, io.note, lose))
    const { project, environment, region } = config
    const state = await orRefuse(StoredState.open(backend, { project, environment, account: caller.account, region, sandbox }))
    const stamp: Session['stamp'] = (of, token): Stamp => {
      const stack = `${project}/${environment}`
      return {
        key: of.key,
        name: of.name,
        prefix: config.namePrefix,
        stack,
        token,
        tags: { Name: of.name, ...config.tags, ...of.tags, [STACK_TAG]: stack, [KEY_TAG]: of.key },
      }
    }
    // The way in uses the session (a container is made by the engine), and the session's calls go the way in.
    let inside: Inside | undefined
    const open: Aws = { ...plain, sql: (operation, input, before) => within().send(operation, input, before) }
    const aws = held ? fenced(open, held.check) : open
    const together = batched(aws)
    const within = (): Inside => {
      inside ??= into.result ? broughtBack(into.result) : wayInto(session, into.depth ?? 'record', into)
      return inside
    }
    const session: Session = {
      g,
      io,
      config,
      loaded: from,
      sandbox,
      privateDatabases: reached.privateDatabases,
      endpoint,
      aws,
      caller,
      state,
      backend,
      signal: interrupt.signal,
      get inside() {
        return within()
      },
      begin: () => {
        within().begin()
        interrupt.begin()
      },
      ownSignals: interrupt.stop,
      stamp,
      context: (report) => ({
        rows: state,
        aws: together,
        look: () => pass(together),
        stamp,
        ownerOf,
        token: randomUUID,
        // The sandbox is on this machine: when nobody listens there, it has ended, and waiting does not bring it back.
        classify: (error) => (sandbox && classify(error) === 'unreachable' ? 'fatal' : classify(error)),
        graceMs: Number(process.env.INFRA_GRACE_SECONDS ?? GRACE_SECONDS) * 1000,
        clock: realClock,
        report,
        signal: interrupt.signal,
      }),
      explain: (error) => explain(error, { ...surroundings, identity: caller.arn }),
      async close() {
        try {
          await inside?.close()
        } finally {
          interrupt.stop()
          await held?.release()
        }
        // Whatever the command made of it: it did not come to its end, and this is why.
        if (lost) throw lost
      },
    }
    return session
  } catch (error) {
    interrupt.stop()
    await held?.release()
    throw error
  }
}
