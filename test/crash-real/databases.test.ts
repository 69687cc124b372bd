import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { TestServer } from '../support/moto.ts'
import { motoWithPostgres } from '../support/moto-postgres.ts'
import { eachNth } from '../support/some.ts'
import { COURSES, runBenches } from './databases.ts'
import { clearGround, makeGround } from './expect.ts'
import type { Phase, Point, World } from './kill.ts'
import { type Ground, type Kill, type Undisturbed, undisturbed, type Verb } from './life.ts'
import { table, troubles } from './matrix.ts'

type Spot = readonly [op: string, phase: Phase, world: World]

/** Where half of something can be left behind. Life for life: a kill in create, and one in destroy. */
const SPOTS: Readonly<Record<'shared' | 'perDatabase', Readonly<Record<Verb, readonly Spot[]>>>> = {
  shared: {
    create: [
      ['sql.CREATE ROLE "django_app"', 'after', 'lost'],
      ['sql.REVOKE ALL ON DATABASE "healthtech_experiment"', 'before', 'lost'],
      ['sql.CREATE DATABASE "startupwebapp_prod"', 'after', 'lands'],
      ['sql.CREATE DATABASE "fintech_experiment"', 'before', 'lands'],
    ],
    destroy: [
      ['sql.DROP DATABASE "fintech_experiment"', 'after', 'lost'],
      ['sql.DROP DATABASE "startupwebapp_prod"', 'before', 'lands'],
      ['sql.DROP ROLE "django_app"', 'before', 'lost'],
      ['sql.DROP ROLE "django_app"', 'after', 'lands'],
    ],
  },
  perDatabase: {
    create: [
      ['secretsmanager.CreateSecret', 'after', 'lost'],
      ['secretsmanager.PutSecretValue', 'before', 'lands'],
      ['sql.CREATE ROLE "shop"', 'after', 'lost'],
      ['sql.CREATE DATABASE "blog_2"', 'after', 'lands'],
    ],
    destroy: [
      ['sql.DROP DATABASE "shop"', 'after', 'lands'],
      ['sql.DROP ROLE "blog_2"', 'after', 'lost'],
      ['secretsmanager.DeleteSecret', 'before', 'lost'],
      ['secretsmanager.DeleteSecret', 'after', 'lands'],
    ],
  },
}

const killAt = (points: readonly Point[], [op, phase, world]: Spot): Kill => {
  const point = points.find((p) => p.op.startsWith(op))
  if (!point) throw new Error(`an undisturbed run does not come to ${op}`)
  return { point, phase, world }
}

// Some of all calls and statements, more with INFRA_TEST_ALL=1. All of them: npm run crash -- --databases.
describe.skipIf(!inject('motoUrl'))('killed at a call to AWS or a statement to the database server, and run again', () => {
  let server: TestServer
  let ground: Ground
  beforeAll(async () => {
    server = await motoWithPostgres()
    ground = makeGround(server.url)
  })
  afterAll(async () => {
    clearGround(ground)
    await server?.stop()
  })

  it.each(['shared', 'perDatabase'] as const)(
    'create and destroy of databases (%s) end as undisturbed ones',
    {
      timeout: 240_000,
    },
    async (within) => {
      const [here, course] = [{ ...ground, within }, COURSES[within]]
      const of: Undisturbed = await undisturbed(here, course)
      const [create, destroy] = [eachNth(SPOTS[within].create, 2), eachNth(SPOTS[within].destroy, 2)]
      const lives = create.map((spot, i) => ({
        create: killAt(of.points.create, spot),
        ...(destroy[i] ? { destroy: killAt(of.points.destroy, destroy[i]) } : {}),
      }))
      const verdicts = await runBenches(here, course, of, lives, 2)
      expect(troubles(verdicts), table(verdicts, of)).toEqual([])
      expect(verdicts.filter((v) => v.killed)).toHaveLength(create.length + destroy.length)
    },
  )
})
