import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { clearGround, makeGround } from '../crash-real/expect.ts'
import type { Ground } from '../crash-real/life.ts'
import { play } from './play.ts'
import { sequenceOf } from './sequence.ts'
import { only, shrink } from './shrink.ts'

const url = inject('motoUrl')

describe('sequences', () => {
  it('are functions of their seeds', () => {
    expect(sequenceOf(7)).toEqual(sequenceOf(7))
    expect(sequenceOf(7)).not.toEqual(sequenceOf(8))
  })

  it('are made shorter as long as they break', async () => {
    const sequence = sequenceOf(3)
    const culprit = sequence.steps.at(2)
    expect(culprit).toBeDefined()
    const shortest = await shrink(sequence, async ({ steps }) =>
      steps.some((s) => s.args === culprit?.args && s.config === culprit.config),
    )
    expect(only(sequence, shortest).steps).toEqual([expect.objectContaining({ args: culprit?.args })])
  })
})

describe.skipIf(!url)('random sequences', () => {
  let ground: Ground
  beforeAll(() => {
    ground = makeGround(url ?? '')
  })
  afterAll(() => clearGround(ground))

  it.concurrent.each([1, 2, 3])('seed %d breaks no promise', { timeout: 240_000 }, async (seed) => {
    const { broken } = await play(ground, sequenceOf(seed))
    expect(broken, broken?.out).toBeUndefined()
  })
})
