import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { clearGround, expectWhole, makeGround } from '../crash-real/expect.ts'
import { CREATE, DESTROY, Home } from '../crash-real/home.ts'
import { type Ground, type Undisturbed, undisturbed } from '../crash-real/life.ts'
import { startMoto, type TestServer } from '../support/moto.ts'

const url = inject('motoUrl')

// A local AWS of its own in which things take a while. The measure is a life in the one where nothing takes any time.
describe.skipIf(!url)('AWS takes its time', () => {
  let slow: TestServer
  let quickGround: Ground
  let ground: Ground
  let of: Undisturbed
  let home: Home

  beforeAll(async () => {
    quickGround = makeGround(url ?? '')
    of = await undisturbed(quickGround)
    slow = await startMoto('rds=2.5,nat=1.5,rds-delete=1.5,nat-delete=1.5,modify=0.8,email=0,snapshot=0')
    ground = makeGround(slow.url)
  })
  afterAll(async () => {
    clearGround(quickGround)
    clearGround(ground)
    await slow?.stop()
  })
  beforeEach(async () => {
    home = await Home.open(ground.bin, ground.folder, ground.server)
    home.proxy.clear()
  })
  afterEach(() => home.close())

  const polls = (op: string): number => home.proxy.log.filter((c) => c.op === op).length

  it('creating, pending, modifying, deleting: waited for, the same account', { timeout: 60_000 }, async () => {
    const out = await expectWhole(home, 'create', CREATE, of)
    expect(out).toMatch(/db-instance: creating/)
    expect(out).toMatch(/nat-gateway: pending/)
    expect(polls('rds.DescribeDBInstances')).toBeGreaterThan(4)
    const down = await expectWhole(home, 'destroy', DESTROY, of)
    expect(down).toMatch(/db-instance: deleting/)
  })

  it('killed while it waits, twice, then in the destroy: each next run goes on with the wait', { timeout: 60_000 }, async () => {
    const killedAt = async (args: string[], word: RegExp): Promise<void> => {
      const { child, ended } = home.start(args)
      home.proxy.edit = (call, text) => {
        if (call.op === 'rds.DescribeDBInstances' && word.test(text)) child.kill('SIGKILL')
        return text
      }
      expect((await ended).code).toBeNull()
      home.proxy.edit = undefined
    }
    await killedAt(CREATE, /<DBInstanceStatus>creating</)
    await killedAt(CREATE, /<DBInstanceStatus>creating</)
    await expectWhole(home, 'create', CREATE, of)
    expect(polls('rds.CreateDBInstance')).toBe(1)
    await killedAt(DESTROY, /<DBInstanceStatus>deleting</)
    await expectWhole(home, 'destroy', DESTROY, of)
    expect(polls('rds.DeleteDBInstance')).toBe(1)
  })

  it('the credentials expire in the middle of a wait: it says so and how to go on, and the next run does', {
    timeout: 60_000,
  }, async () => {
    let looks = 0
    home.proxy.before = ({ op }) => {
      if (op !== 'rds.DescribeDBInstances' || home.proxy.rules.length > 0 || polls('rds.CreateDBInstance') === 0 || ++looks < 3)
        return
      home.proxy.rules = [
        { match: /./, error: 'ExpiredToken', status: 403, message: 'The security token included in the request is expired' },
      ]
    }
    const { code, out } = await home.run(...CREATE)
    expect(code, out).toBe(1)
    expect(out).toContain('db-instance: The AWS credentials have expired')
    expect(out).toContain('next: Sign in again')
    expect(out).toContain('To go on: infra create --yes')
    expect(home.state.resources['db-instance']).toMatchObject({
      is: 'creating',
      attrs: { id: 'startupwebapp-multi-tenant-prod' },
    })
    const still = await home.run(...CREATE)
    expect([still.code, still.out]).toEqual([2, expect.stringContaining('The AWS credentials have expired')])
    home.proxy.before = undefined
    home.proxy.rules = []
    await expectWhole(home, 'create', CREATE, of)
    expect(polls('rds.CreateDBInstance')).toBe(1)
  })

  it('the network is away for longer than the SDK itself asks again: the wait goes on', { timeout: 60_000 }, async () => {
    home.proxy.rules = [{ match: /^rds\.DescribeDBInstances$/, reset: true, skip: 3, times: 10 }]
    await expectWhole(home, 'create', CREATE, of)
  })

  it('Ctrl-C (SIGTERM) in the destroy while the database is deleting: ended, and gone on with', { timeout: 60_000 }, async () => {
    await expectWhole(home, 'create', CREATE, of)
    const { child, ended } = home.start(DESTROY)
    home.proxy.edit = (call, text) => {
      // Once: the second one would make it leave at once.
      if (!child.killed && call.op === 'rds.DescribeDBInstances' && /<DBInstanceStatus>deleting</.test(text))
        child.kill('SIGTERM')
      return text
    }
    const { code, out } = await ended
    home.proxy.edit = undefined
    expect(code, out).toBe(130)
    expect(out).toContain('To go on: infra destroy --yes --confirm startupwebapp')
    await expectWhole(home, 'destroy', DESTROY, of)
  })
})
