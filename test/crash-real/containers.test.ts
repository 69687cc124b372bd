import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { clearGround, makeGround } from './expect.ts'
import { CONTAINERS, type Ground, live, undisturbed } from './life.ts'
import { livesOf, runMatrix, table, troubles } from './matrix.ts'

const url = inject('motoUrl')

// Every fifty-ninth kill. All of them: npm run crash -- --containers.
describe.skipIf(!url)('killed at a call for containers, and run again', () => {
  let ground: Ground
  beforeAll(() => {
    ground = { ...makeGround(url ?? ''), within: 'containers' }
  })
  afterAll(() => clearGround(ground))

  it('create and destroy end with the account of an undisturbed life', { timeout: 240_000 }, async () => {
    const of = await undisturbed(ground, CONTAINERS)
    const lives = livesOf(of, 59, false)
    const verdicts = await runMatrix(lives, 2, (kills) => live(ground, of, kills, CONTAINERS))
    expect(troubles(verdicts), table(verdicts, of)).toEqual([])
    expect(verdicts.filter((v) => v.killed).length).toBeGreaterThanOrEqual(verdicts.length - 3)
  })
})
