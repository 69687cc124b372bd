import DataLoader from 'dataloader'
import { canonical } from '../core/json.ts'
import { type Asked, BATCHES, type Batch } from './batches.ts'
import type { Aws } from './clients.ts'
import { isRead } from './fence.ts'
import { classify } from './trouble.ts'

type Send = (operation: string, input: object, ...more: unknown[]) => Promise<unknown>

/** Calls that come within so many ms go together: nothing against the way to AWS, and enough for a survey. */
const WINDOW_MS = 10
/**
 * While a call is under way, what comes after it gathers for the next one, but no longer than this: what waits beside each other is then
 * looked at together, and a slow answer holds nobody up.
 */
const GATHER_MS = 150

/**
 * The same calls in fewer: what AWS takes for several things goes together, and equal reads that have not been sent yet are one. A call
 * is always sent after all whose answer it is have asked, so a look that follows a change shows what that has done.
 */
export const batched = (aws: Aws): Aws => {
  const wrap = (service: string, send: Send): Send => {
    const together = new Map<string, DataLoader<Asked, unknown>>()
    const alone = new Map<string, Shared>()
    return (operation, input, ...more) => {
      const batch = BATCHES[`${service}.${operation}`]
      const asked = batch?.of(input as Record<string, unknown>)
      if (batch && asked) {
        const id = `${operation} ${canonical(asked.like)}`
        const loader = together.get(id) ?? loaderFor((names) => send(operation, asked.with(names)), batch)
        together.set(id, loader)
        return loader.load(asked)
      }
      // A stream can be read once.
      if (service === 'sql' || operation === 'GetObject' || !isRead(operation)) return send(operation, input, ...more)
      const id = `${operation} ${canonical(input)}`
      const read =
        alone.get(id) ??
        new Shared(
          () => send(operation, input),
          () => alone.delete(id),
        )
      alone.set(id, read)
      return read.ask()
    }
  }
  return Object.fromEntries(Object.entries(aws).map(([s, send]) => [s, wrap(s, send as Send)])) as unknown as Aws
}

/** @param beside something else keeps the process going */
const wait = (ms: number, beside = false): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    if (beside) timer.unref()
  })

/** Until what is under way has ended, or has taken long enough. */
const ended = (running: Promise<unknown> | undefined): Promise<unknown> =>
  running ? Promise.race([running.then(undefined, () => undefined), wait(GATHER_MS, true)]) : Promise.resolve()

/** One read that several ask for. */
class Shared {
  readonly #send: () => Promise<unknown>
  readonly #idle: () => void
  #running: Promise<unknown> | undefined
  #next: Promise<unknown> | undefined

  /** @param idle nobody asks for it any more */
  constructor(send: () => Promise<unknown>, idle: () => void) {
    this.#send = send
    this.#idle = idle
  }
  ask(): Promise<unknown> {
    this.#next ??= this.#running ? ended(this.#running).then(() => this.#begin()) : Promise.resolve().then(() => this.#begin())
    return this.#next
  }
  #begin(): Promise<unknown> {
    this.#next = undefined
    const running = this.#send()
    this.#running = running
    const over = (): void => {
      if (this.#running !== running) return
      this.#running = undefined
      if (!this.#next) this.#idle()
    }
    running.then(over, over)
    return running
  }
}

/** One call for all that asked for something alike. Its answers are not kept: whoever asks again is told anew. */
const loaderFor = (send: (names: string[]) => Promise<unknown>, batch: Batch): DataLoader<Asked, unknown> => {
  let running: Promise<unknown> | undefined
  return new DataLoader<Asked, unknown>(
    (all) => {
      const answers = ask(send, batch, all)
      running = answers
      return answers
    },
    {
      cache: false,
      batchScheduleFn: (go) => void wait(WINDOW_MS).then(() => ended(running).then(go)),
    },
  )
}

const ask = async (send: (names: string[]) => Promise<unknown>, batch: Batch, all: readonly Asked[]): Promise<unknown[]> => {
  const chunks = inChunks(all, batch.max)
  const answers = await Promise.all(chunks.map((chunk) => askTogether(send, batch, chunk)))
  return answers.flat()
}

/** As many of them as one call takes, in their order; one that names more than that is AWS's to refuse. */
const inChunks = (all: readonly Asked[], max: number): Asked[][] => {
  const chunks: Asked[][] = []
  let names = new Set<string>()
  for (const asked of all) {
    const more = new Set([...names, ...asked.names])
    const last = chunks.at(-1)
    if (last && more.size <= max) {
      last.push(asked)
      names = more
    } else {
      chunks.push([asked])
      names = new Set(asked.names)
    }
  }
  return chunks
}

const askTogether = async (
  send: (names: string[]) => Promise<unknown>,
  batch: Batch,
  all: readonly Asked[],
): Promise<unknown[]> => {
  const names = [...new Set(all.flatMap((a) => a.names))]
  try {
    const answer = ((await send(names)) ?? {}) as Record<string, unknown>
    return all.map((asked) => batch.about(answer, asked.names))
  } catch (error) {
    const apart = batch.failsWhole && all.length > 1 && classify(error) === 'gone'
    return Promise.all(all.map((asked) => (apart ? send([...asked.names]).catch(asError) : asError(error))))
  }
}

/** DataLoader tells an error that is one of several answers by its class. */
const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))
