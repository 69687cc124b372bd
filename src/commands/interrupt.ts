import type { Io } from '../ui/io.ts'

/**
 * The first Ctrl-C lets the calls in flight finish and saves; the second leaves at once (the state is whole at every instant).
 * @param working false for commands that only read: they leave at the first one
 */
export const onInterrupt = (io: Io, working: boolean): { signal: AbortSignal; stop(): void } => {
  const controller = new AbortController()
  const handler = (): void => {
    if (!working || controller.signal.aborted) process.exit(130)
    io.note('\nStopping: the calls in flight are finished and recorded. Press Ctrl-C again to leave at once (also without loss).')
    controller.abort()
  }
  process.on('SIGINT', handler)
  process.on('SIGTERM', handler)
  return {
    signal: controller.signal,
    stop() {
      process.off('SIGINT', handler)
      process.off('SIGTERM', handler)
    },
  }
}
