import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startMoto, type TestServer } from '../support/moto.ts'
import { clearGround, makeGround } from './expect.ts'
import type { Phase, World } from './kill.ts'
import { type Course, type Ground, type Kills, live, undisturbed } from './life.ts'
import { runMatrix, table, troubles } from './matrix.ts'
import { UPGRADED_IN_WINDOW, UPGRADED_NOW } from './upgrade.ts'

const killed = (op: string, phase: Phase, world: World): Kills => ({ create: { point: { op, nth: 1 }, phase, world } })

// Where it hurts. At every call: npm run crash -- --upgrade.
describe.skipIf(!inject('motoUrl'))('a major upgrade, killed and run again', () => {
  let moto: TestServer
  let ground: Ground
  beforeAll(async () => {
    // Weeks go by in it.
    moto = await startMoto('0')
    ground = { ...makeGround(moto.url), within: 'upgraded' }
  })
  afterAll(async () => {
    clearGround(ground)
    await moto.stop()
  })
  const sampled = async (course: Course, lives: readonly Kills[]): Promise<void> => {
    const of = await undisturbed(ground, course)
    const verdicts = await runMatrix(lives, 2, (kills) => live(ground, of, kills, course))
    expect(troubles(verdicts), table(verdicts, of)).toEqual([])
    expect(verdicts.filter((v) => v.killed)).toHaveLength(lives.length)
  }

  it('at once, it ends with the new version, one parameter group and one snapshot', { timeout: 240_000 }, () =>
    sampled(UPGRADED_NOW, [
      killed('rds.CreateDBSnapshot', 'after', 'lands'),
      killed('rds.CreateDBParameterGroup', 'after', 'lost'),
      killed('rds.ModifyDBInstance', 'after', 'lost'),
    ]),
  )

  it('after the maintenance window, the old parameter group goes once', { timeout: 240_000 }, () =>
    sampled(UPGRADED_IN_WINDOW, [killed('rds.DeleteDBParameterGroup', 'after', 'lost')]),
  )
})
