import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { clearGround, expectWhole, makeGround } from '../crash-real/expect.ts'
import { CREATE, DESTROY, type Ended, Home } from '../crash-real/home.ts'
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
  /**
   * Sends the signal once, at the first look at the database after this call, whichever run sent that: when the wait would be over on a
   * machine that is busy does not matter.
   */
  const signalledAfter = async (op: string, args: string[], signal: NodeJS.Signals): Promise<Ended> => {
    const { child, ended } = home.start(args)
    home.proxy.before = (call) => {
      if (call.op === 'rds.DescribeDBInstances' && polls(op) > 0 && !child.killed) child.kill(signal)
    }
    const end = await ended
    home.proxy.before = undefined
    return end
  }

  it('creating, pending, modifying, deleting: waited for, the same account', async () => {
    const out = await expectWhole(home, 'create', CREATE, of)
    expect(out).toMatch(/db-instance: creating/)
    expect(out).toMatch(/nat-gateway: pending/)
    expect(polls('rds.DescribeDBInstances')).toBeGreaterThan(4)
    const down = await expectWhole(home, 'destroy', DESTROY, of)
    expect(down).toMatch(/db-instance: deleting/)
  })

  it('killed while it waits, twice, then in the destroy: each next run goes on with the wait', async () => {
    const killedAfter = async (op: string, args: string[]): Promise<void> =>
      expect((await signalledAfter(op, args, 'SIGKILL')).code).toBeNull()
    await killedAfter('rds.CreateDBInstance', CREATE)
    await killedAfter('rds.CreateDBInstance', CREATE)
    await expectWhole(home, 'create', CREATE, of)
    expect(polls('rds.CreateDBInstance')).toBe(1)
    await killedAfter('rds.DeleteDBInstance', DESTROY)
    await expectWhole(home, 'destroy', DESTROY, of)
    expect(polls('rds.DeleteDBInstance')).toBe(1)
  })

  it('the credentials expire in the middle of a wait: it says so and how to go on, and the next run does', async () => {
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

  it('the network is away for longer than the SDK itself asks again: the wait goes on', async () => {
    home.proxy.rules = [{ match: /^rds\.DescribeDBInstances$/, reset: true, skip: 3, times: 10 }]
    await expectWhole(home, 'create', CREATE, of)
  })

  it('Ctrl-C (SIGTERM) in the destroy while the database is deleting: ended, and gone on with', async () => {
    await expectWhole(home, 'create', CREATE, of)
    // Once: a second signal would make it leave at once.
    const { code, out } = await signalledAfter('rds.DeleteDBInstance', DESTROY, 'SIGTERM')
    expect(code, out).toBe(130)
    expect(out).toContain('To go on: infra destroy --yes --confirm startupwebapp')
    await expectWhole(home, 'destroy', DESTROY, of)
  })
})
