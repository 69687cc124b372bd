import { expect, it } from 'vitest'
import { realClock } from '../../src/core/clock.ts'

it('many can sleep on one signal without a warning on the screen, and all wake when it says stop', async () => {
  const warnings: string[] = []
  const hear = (w: Error): void => void warnings.push(w.message)
  process.on('warning', hear)
  const stop = new AbortController()
  const sleepers = Array.from({ length: 30 }, () => realClock.sleep(60_000, stop.signal))
  await realClock.sleep(5, stop.signal)
  stop.abort()
  await Promise.all(sleepers)
  await new Promise((r) => setImmediate(r))
  process.off('warning', hear)
  expect(warnings).toEqual([])
})

it('sleeps as long as it is told, and not at all after a stop', async () => {
  const live = new AbortController().signal
  const began = realClock.now()
  await realClock.sleep(30, live)
  expect(realClock.now() - began).toBeGreaterThanOrEqual(29)
  const again = realClock.now()
  await realClock.sleep(60_000, AbortSignal.abort())
  expect(realClock.now() - again).toBeLessThan(1000)
})
