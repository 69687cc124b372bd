import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { clearGround, makeGround } from './expect.ts'
import { CONTAINERS, type Course, type Ground, live, REPLACED, undisturbed } from './life.ts'
import { livesOf, runMatrix, table, troubles } from './matrix.ts'

const url = inject('motoUrl')

const sampled = async (
  ground: Ground,
  course: Course,
  every: number,
  verbs: readonly ('create' | 'destroy')[],
): Promise<void> => {
  const of = await undisturbed(ground, course)
  const points = { create: [], destroy: [], ...Object.fromEntries(verbs.map((verb) => [verb, of.points[verb]])) }
  const lives = livesOf({ points }, every, false)
  const verdicts = await runMatrix(lives, 2, (kills) => live(ground, of, kills, course))
  expect(troubles(verdicts), table(verdicts, of)).toEqual([])
  expect(verdicts.filter((v) => v.killed).length).toBeGreaterThanOrEqual(verdicts.length - 3)
}

// A few of all kills. All of them: npm run crash -- --containers, and --replace.
describe.skipIf(!url)('killed at a call for containers, and run again', () => {
  let ground: Ground
  beforeAll(() => {
    ground = makeGround(url ?? '')
  })
  afterAll(() => clearGround(ground))

  it('create and destroy end with the account of an undisturbed life', { timeout: 240_000 }, () =>
    sampled({ ...ground, within: 'containers' }, CONTAINERS, 101, ['create', 'destroy']),
  )

  it('what is replaced beside ends with one of each', { timeout: 240_000 }, () =>
    sampled({ ...ground, within: 'replaced' }, REPLACED, 51, ['create']),
  )
})
