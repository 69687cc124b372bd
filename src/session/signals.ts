import type { Io } from '../ui/io.ts'

export interface Interrupt {
  readonly signal: AbortSignal
  /** From now on something is being changed. */
  begin(): void
  /** Stops the run as the first Ctrl-C does, for this reason. */
  abort(why: Error): void
  stop(): void
}

/** For giving back the lock, before leaving. */
const RELEASE_MS = 5000

/**
 * Ctrl-C. While a command only looks around, it leaves at once. When it is at work, the first one lets the calls in flight finish
 * and saves; the second leaves at once (the state is whole at every instant).
 * @param release gives back what is held, before leaving; undefined for commands that hold nothing
 * @param controller of the signal that calls to AWS have already been given
 */
export const onInterrupt = (
  io: Io,
  release: (() => Promise<void>) | undefined,
  controller = new AbortController(),
): Interrupt => {
  let working = false
  const leave = (): never => process.exit(130)
  const handler = (): void => {
    if (controller.signal.aborted || (!working && !release)) leave()
    controller.abort()
    if (working)
      io.note(
        '\nStopping: the calls in flight are finished and recorded. Press Ctrl-C again to leave at once (also without loss).',
      )
    else {
      io.note('\nInterrupted. Nothing was changed in the account.')
      // A bucket that does not answer must not keep anybody: the lock ends with its lease.
      setTimeout(leave, RELEASE_MS)
      release?.().finally(leave)
    }
  }
  process.on('SIGINT', handler)
  process.on('SIGTERM', handler)
  return {
    signal: controller.signal,
    abort: (why) => controller.abort(why),
    begin() {
      working = true
    },
    stop() {
      process.off('SIGINT', handler)
      process.off('SIGTERM', handler)
    },
  }
}
