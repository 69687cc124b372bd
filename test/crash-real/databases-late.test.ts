import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { TestServer } from '../support/moto.ts'
import { motoWithPostgres } from '../support/moto-postgres.ts'
import type { Call } from '../support/proxy.ts'
import { COURSES } from './databases.ts'
import { clearGround, expectWhole, makeGround } from './expect.ts'
import type { Home } from './home.ts'
import { type Ground, homeFor, type Undisturbed, undisturbed } from './life.ts'

// A server goes on with a statement whose sender is gone. The next run may look while it is still at it.
describe.skipIf(!inject('motoUrl'))('killed at a statement that the server carries out late', () => {
  const course = COURSES.shared
  let server: TestServer
  let ground: Ground
  let home: Home
  let of: Undisturbed
  beforeAll(async () => {
    server = await motoWithPostgres()
    ground = { ...makeGround(server.url), within: 'shared' }
    of = await undisturbed(ground, course)
    home = await homeFor(ground, course)
  })
  afterAll(async () => {
    await home?.close()
    clearGround(ground)
    await server?.stop()
  })

  /** Kills the run at a statement, which reaches the server only when the next run sends its own one. @returns what that says */
  const late = async (verb: 'create' | 'destroy', op: string): Promise<string> => {
    const { child, ended } = home.start(course[verb])
    let sent = 0
    let go: () => void = () => {}
    const second = new Promise<void>((resolve) => (go = resolve))
    let first: () => void = () => {}
    const held = new Promise<void>((resolve) => (first = resolve))
    home.sql.before = async (call: Call) => {
      if (!call.op.startsWith(op)) return
      if (++sent > 1) return go()
      child.kill('SIGKILL')
      await once(child, 'exit')
      first()
      await second
    }
    await held
    await ended
    const out = await expectWhole(home, verb, course[verb], of)
    home.sql.before = undefined
    expect(sent, out).toBeGreaterThan(1)
    return out
  }

  it.each(['sql.CREATE ROLE "django_app"', 'sql.CREATE DATABASE "healthtech_experiment"'])('%s', async (op) => {
    await late('create', op)
    await expectWhole(home, 'destroy', course.destroy, of)
  })

  it.each(['sql.DROP DATABASE "healthtech_experiment"', 'sql.DROP ROLE "django_app"'])('%s', async (op) => {
    await expectWhole(home, 'create', course.create, of)
    await late('destroy', op)
  })
})
