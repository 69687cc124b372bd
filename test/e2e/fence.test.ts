import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { CreateBucketCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { type Account, clientConfig, freshAccount } from '../support/account.ts'
import { INIT, type Place, place, type Running } from '../support/cli.ts'
import { type Call, type FaultProxy, startProxy } from '../support/proxy.ts'

const url = inject('motoUrl')
/** In the environment of both: the lease, and how far their clocks may be apart. Shorter, a renewal more or two. */
const LEASE_MS = 500
const SKEW_MS = LEASE_MS / 2

/** A person at a machine of their own: what each of two sends is told apart. */
interface Desk {
  readonly at: Place
  readonly proxy: FaultProxy
}

describe.skipIf(!url)('a run that has lost its lock changes nothing more', { timeout: 90_000 }, () => {
  let account: Account
  let s3: S3Client
  const desks: Desk[] = []
  const running: Running[] = []
  beforeEach(async () => {
    account = await freshAccount(url ?? '')
    s3 = new S3Client({ ...clientConfig(account), forcePathStyle: true })
  })
  afterEach(async () => {
    for (const run of running.splice(0)) run.kill('SIGKILL')
    s3.destroy()
    for (const { at, proxy } of desks.splice(0)) await Promise.all([at.remove(), proxy.close()])
  })
  const desk = async (state: string): Promise<Desk> => {
    const proxy = await startProxy(url ?? '')
    const INFRA_LEASE_SECONDS = String(LEASE_MS / 1000)
    const at = await place({ ...account.env, AWS_ENDPOINT_URL: proxy.url, INFRA_GRACE_SECONDS: '1', INFRA_LEASE_SECONDS })
    // The second one has the config from the first.
    const [colleague] = desks
    desks.push({ at, proxy })
    if (colleague) await cp(join(colleague.at.dir, 'infra.yaml'), join(at.dir, 'infra.yaml'))
    else await ends(0, at, ...INIT, '--set', 'steps=[vpc]', '--set', `state=${state}`)
    return { at, proxy }
  }
  const ends = async (code: number, at: Place, ...args: string[]) => {
    const r = await at.run(...args)
    expect(r.code, r.all).toBe(code)
    return r
  }
  const bucket = async (): Promise<string> => {
    await s3.send(new CreateBucketCommand({ Bucket: `team-${account.accountId}` }))
    return `s3://team-${account.accountId}/infra`
  }
  const start = (at: Place, ...args: string[]): Running => {
    const run = at.start(...args)
    running.push(run)
    return run
  }
  /** Changes to the account. The state and its lock are protected by the version that each write names. */
  const changes = (proxy: FaultProxy): string[] =>
    proxy
      .changing()
      .filter((c) => !c.op.startsWith('s3.'))
      .map((c) => c.op)
  /** Suspends the run at the first call of this sort, before AWS hears of it, and lets the call itself through: it is in flight. */
  const suspendedAt = async (desk: Desk, run: () => Running, at: (call: Call) => boolean): Promise<Running> => {
    let stopped = (): void => undefined
    const suspended = new Promise<void>((done) => {
      stopped = done
    })
    let once = true
    desk.proxy.after = (call) => {
      if (!once || !at(call)) return
      once = false
      begun?.kill('SIGSTOP')
      stopped()
    }
    const begun = run()
    await suspended
    return begun
  }
  const stateWrite = (nth: number) => {
    let n = 0
    return (call: Call): boolean => /^s3\.PUT .*\.json/.test(call.op) && ++n === nth
  }
  /** The other one comes when the lease is over by its own words. The suspended one cannot renew it. */
  const takesOver = async ({ at }: Desk, ...args: string[]): Promise<void> => {
    const until = async (): Promise<number> => {
      const lock = { Bucket: `team-${account.accountId}`, Key: 'infra/startupwebapp/production.lock' }
      const { Body } = await s3.send(new GetObjectCommand(lock))
      return Date.parse(JSON.parse((await Body?.transformToString()) ?? '').until) + SKEW_MS
    }
    // A renewal may have been on its way at the instant of the suspend.
    for (let over = await until(); over >= Date.now(); over = await until()) await pause(over - Date.now() + 1)
    const r = await ends(0, at, ...args)
    expect(r.all).toContain('its lock is taken over')
  }

  it.each([
    // The first write holds the answers that the stack is declared with, the second one the first intents.
    ['create, suspended between an intent and its call', ['create', '--yes'], 2, ['create', '--yes']],
    ['destroy, suspended between its record and the delete', ['destroy', '--yes'], 1, ['create', '--yes']],
  ])('%s: the other one does its work, and it wakes up', async (_, mine, write, theirs) => {
    const state = await bucket()
    const one = await desk(state)
    const two = await desk(state)
    if (mine[0] === 'destroy') await ends(0, one.at, 'create', '--yes')
    const run = await suspendedAt(one, () => start(one.at, ...mine), stateWrite(write))
    await takesOver(two, ...theirs)
    const before = changes(one.proxy).length
    run.kill('SIGCONT')
    const r = await run.done
    expect(changes(one.proxy).slice(before)).toEqual([])
    expect(r.code, r.all).toBe(1)
    expect(r.stderr).toMatch(/The lock s3:\S+ (was taken away from this run|is now held by)|was changed by another run/)
    expect(r.stderr.match(/Next:/g)).toHaveLength(1)
    expect((await ends(0, two.at, 'create', '--yes')).stdout).toContain('Nothing to do')
  })

  it('infra unlock under a living run with a local state: it notices before its next change', async () => {
    const one = await desk('local')
    let go = (): void => undefined
    const held = new Promise<void>((done) => {
      go = done
    })
    let reached = (): void => undefined
    const arrived = new Promise<void>((done) => {
      reached = done
    })
    // The VPC's call is on its way, and stays there for a while; only the gateway does not wait for it.
    one.proxy.before = async (call) => {
      if (call.op !== 'ec2.CreateVpc') return
      one.proxy.before = undefined
      reached()
      await held
    }
    const run = start(one.at, 'create', '--yes')
    await arrived
    const answered = () => one.proxy.log.some((c) => c.op === 'ec2.CreateInternetGateway' && c.end !== undefined)
    await vi.waitFor(() => expect(answered()).toBe(true), { timeout: 30_000 })
    await ends(0, one.at, 'unlock', '--yes')
    const before = changes(one.proxy).length
    go()
    const r = await run.done
    expect(r.code, r.all).toBe(1)
    expect(r.stderr).toContain('was taken away from this run')
    expect(changes(one.proxy).slice(before)).toEqual([])
    await ends(0, one.at, 'create', '--yes')
    expect(one.proxy.log.filter((c) => c.op === 'ec2.CreateVpc')).toHaveLength(1)
    expect(one.proxy.log.filter((c) => c.op === 'ec2.CreateInternetGateway')).toHaveLength(1)
  })
})
