import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { refused } from '../support/refused.ts'
import { CONFIG, PROGRAMS, type Stack, startStack } from './stack.ts'

const url = inject('motoUrl')
const TENANTS = CONFIG.replace('databases:\n', 'databases:\n  roles: perDatabase\n')

/** With a role and a secret for each database, and a process that is killed at every call. */
describe.skipIf(!url)('tenants apart', () => {
  let x: Stack
  beforeAll(async () => {
    x = await startStack(TENANTS)
  })
  afterAll(() => x?.stop())
  const run = (...args: string[]) => x.p.run('db', ...args)
  const DROP = ['db', 'drop', 'crm', '--yes', '--confirm', 'crm']
  const there = async () => {
    const names = await x.sql(
      'postgres',
      'SELECT datname AS n FROM pg_database UNION SELECT rolname FROM pg_roles WHERE rolcanlogin',
    )
    const { resources } = await x.p.state('dev.json')
    const rows = Object.keys(resources).filter((key) => key.startsWith('sql-'))
    return { crm: names.some((r) => r.n === 'crm'), shop: names.some((r) => r.n === 'shop'), rows }
  }
  const OTHERS = ['sql-database-shop', 'sql-host-shop', 'sql-role-shop', 'sql-secret-shop']

  it.skipIf(!PROGRAMS)('each role gets into its own database only, with its own password', async () => {
    const who = await x.piped('select current_user as me', 'db', 'connect', 'crm')
    expect(who.stdout, who.all).toMatch(/ crm/)
    const [master, own] = [await x.secret(), await x.secret('shop/dev/databases/crm')]
    expect(own.password).not.toBe(master.password)
    expect((await run('credentials', '--database', 'crm', '--reveal', '--key', 'password')).stdout).toBe(`${own.password}\n`)
    const told = await run('credentials', '--database', 'crm')
    expect(told.stdout).toContain('Next: infra db credentials --reveal --key password --database crm')
    expect((await run('credentials')).stdout).toContain('infra db credentials --database <name>')
    expect((await run('tunnel')).stdout).toContain('$(infra db credentials --reveal --key password --database shop)')
    expect(refused(await run('credentials', '--database', 'cmr')).stderr).toContain('did you mean crm?')
  })

  it('drop takes the role and the secret along, and nothing of the others', async () => {
    const r = await x.p.run(...DROP)
    expect(r.code, r.all).toBe(0)
    for (const line of [
      /- delete +crm +database +holds data/,
      /- delete +crm +database role/,
      /- delete +shop\/dev\/databases\/crm +secret/,
    ])
      expect(r.stdout).toMatch(line)
    expect(await there()).toEqual({ crm: false, shop: true, rows: OTHERS })
    expect((await x.p.run('drift')).code).toBe(0)
    // Added again within the recovery window, it has its old secret back.
    expect((await run('add', 'crm', '--yes')).code).toBe(0)
    expect((await there()).rows).toHaveLength(8)
  })

  it('killed at any call, the same command finishes, and nothing else is gone', async () => {
    let kills = 0
    const file = join(x.p.dir, 'infra.yaml')
    // Also once to the end, to know how many calls there are.
    const kill = async (nth: number, phase: 'before' | 'after'): Promise<boolean> => {
      await writeFile(file, TENANTS)
      const made = await x.p.run('create', 'databases', '--yes')
      expect(made.code, made.all).toBe(0)
      x.proxy.clear()
      const running = x.p.start(...DROP)
      let dead = false
      const die = async (): Promise<'drop'> => {
        if (!dead) running.kill('SIGKILL')
        dead = true
        await running.done
        return 'drop'
      }
      x.proxy.before = (call) => (dead || (phase === 'before' && call.n === nth) ? die() : undefined)
      x.proxy.after = (call) => (dead || (phase === 'after' && call.n === nth) ? die() : undefined)
      const { code } = await running.done
      x.proxy.before = undefined
      x.proxy.after = undefined
      if (!dead) expect(code).toBe(0)
      return dead
    }
    await kill(0, 'before')
    const calls = x.proxy.log.length
    const points = process.env.INFRA_TEST_ALL ? Array.from({ length: calls }, (_, i) => i + 1) : sample(calls)
    for (const nth of points)
      for (const phase of ['before', 'after'] as const) {
        if (!(await kill(nth, phase))) continue
        kills++
        const again = await x.p.run(...DROP)
        // Killed in the very last instant, there was nothing left to do.
        const done = again.code === 2 && /infra did not make a database crm/.test(again.stderr)
        expect(again.code === 0 || done, `killed ${phase} ${nth}: ${again.all}`).toBe(true)
        expect(await there(), `killed ${phase} ${nth}`).toEqual({ crm: false, shop: true, rows: OTHERS })
        expect(await x.yaml()).not.toContain('crm')
      }
    expect(kills).toBeGreaterThan(points.length)
  }, 120_000)
})

/** The last third has the calls that change something. */
const sample = (calls: number): number[] => [calls - 4, calls - 1]
