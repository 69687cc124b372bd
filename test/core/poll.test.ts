import { describe, expect, it } from 'vitest'
import { poll } from '../../src/core/poll.ts'
import { retry } from '../../src/core/retry.ts'
import { quickClock } from '../ecs/support.ts'

const never = new AbortController().signal

describe('poll', () => {
  it('looks at once, then at its pace, until there is something to tell', async () => {
    const clock = quickClock()
    const looks: number[] = []
    const found = await poll({
      look: async (elapsedMs) => {
        looks.push(elapsedMs)
        return elapsedMs >= 300 ? 'there' : undefined
      },
      pace: (elapsedMs) => 100 + elapsedMs,
      clock,
      signal: () => never,
    })
    expect([found, looks, clock.slept]).toEqual(['there', [0, 100, 300], [100, 200]])
  })

  it('an error of a look ends it', async () => {
    const look = async (): Promise<undefined> => {
      throw new Error('no')
    }
    await expect(poll({ look, pace: () => 1, clock: quickClock(), signal: () => never })).rejects.toThrow('no')
  })
})

describe('retry', () => {
  const failing = (times: number) => {
    let calls = 0
    return async () => {
      if (++calls <= times) throw new Error(`try ${calls}`)
      return calls
    }
  }
  it('makes the call again after the pauses that are given, and throws where none is', async () => {
    const clock = quickClock()
    const pause = (_: unknown, attempt: number): number | undefined => [10, 20][attempt - 1]
    expect(await retry(failing(2), { pause, clock, signal: never })).toBe(3)
    expect(clock.slept).toEqual([10, 20])
    await expect(retry(failing(3), { pause, clock, signal: never })).rejects.toThrow('try 3')
  })

  it('asks which error it was', async () => {
    const errors: unknown[] = []
    const pause = (error: unknown): undefined => void errors.push((error as Error).message)
    await expect(retry(failing(1), { pause, clock: quickClock(), signal: never })).rejects.toThrow('try 1')
    expect(errors).toEqual(['try 1'])
  })
})
