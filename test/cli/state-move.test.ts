import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateBucketCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { type Account, clientConfig, freshAccount } from '../support/account.ts'
import { type Place, place } from '../support/cli.ts'
import { type FaultProxy, startProxy } from '../support/proxy.ts'

const url = inject('motoUrl')
const STEPS = fileURLToPath(new URL('../state/steps.mjs', import.meta.url))
const CONFIG = 'project: shop # the shop\nenvironment: production\nregion: us-east-1\n'

describe.skipIf(!url)('infra state move', { timeout: 120_000 }, () => {
  let account: Account
  let proxy: FaultProxy
  let s3: S3Client
  let Bucket: string
  let p: Place
  beforeEach(async () => {
    account = await freshAccount(url ?? '')
    proxy = await startProxy(url ?? '')
    p = await place({ ...account.env, AWS_ENDPOINT_URL: proxy.url, INFRA_LEASE_SECONDS: '0.5' })
    s3 = new S3Client({ ...clientConfig(account), forcePathStyle: true })
    Bucket = `team-${account.accountId}`
    await s3.send(new CreateBucketCommand({ Bucket }))
    await mkdir(join(p.dir, 'state'))
  })
  afterEach(async () => {
    s3.destroy()
    await p.remove()
    await proxy.close()
  })
  const yaml = async (text?: string): Promise<string> => {
    if (text !== undefined) await writeFile(join(p.dir, 'infra.yaml'), text)
    return readFile(join(p.dir, 'infra.yaml'), 'utf8')
  }
  /** A state with one resource, which nothing has to be made for. */
  const state = async (environment: string, lineage = `of-${environment}`, serial = 7): Promise<string> => {
    const vpc = {
      type: 'ec2.vpc',
      step: 'vpc',
      name: 'x',
      is: 'ready',
      want: {},
      deps: [],
      token: '',
      at: '2026-01-01T00:00:00Z',
    }
    const head = { format: 1, project: 'shop', environment, account: account.accountId, region: 'us-east-1', sandbox: false }
    const text = `${JSON.stringify({ ...head, lineage, serial, lookups: {}, resources: { vpc: { ...vpc, attrs: { id: `vpc-of-${environment}` } } } }, null, 2)}\n`
    await writeFile(join(p.dir, 'state', `${environment}.json`), text)
    return text
  }
  const object = async (key: string): Promise<string | undefined> =>
    s3.send(new GetObjectCommand({ Bucket, Key: `infra/shop/${key}` })).then(
      (found) => found.Body?.transformToString(),
      () => undefined,
    )
  const ends = async (code: number | null, ...args: string[]) => {
    const r = await p.run(...args)
    expect(r.code, r.all).toBe(code)
    return r
  }
  const files = async () => (await readdir(join(p.dir, 'state'))).sort()
  const to = () => `s3://${Bucket}/infra`
  /** How many resources every other command finds, for the given environment: the one that is recorded, or none. */
  const sees = async (...flags: string[]): Promise<number | undefined> => {
    const { steps } = (await ends(0, 'status', '--offline', '--json', ...flags)).json<{
      steps: { name: string; ready: number }[]
    }>()
    return steps.find((s) => s.name === 'vpc')?.ready
  }

  it('of one environment leaves the others where they are', async () => {
    await yaml(`${CONFIG}environments:\n  staging: {}\n`)
    const [production] = [await state('production'), await state('staging'), await state('forgotten')]
    await ends(0, 'state', 'move', to(), '--yes')
    expect(await yaml()).toBe(`${CONFIG}environments:\n  staging: {}\n  production:\n    state: ${to()}\n`)
    expect(await object('production.json')).toBe(production)
    expect(await files()).toEqual(['forgotten.json', 'production.json.moved', 'staging.json'])
    for (const env of ['production', 'staging', 'forgotten']) expect(await sees('--env', env), env).toBe(1)
  })

  it('writes into the environment’s own part, where that decides', async () => {
    await yaml(`${CONFIG}environments:\n  production:\n    state: local\n`)
    await state('production')
    await ends(0, 'state', 'move', to(), '--yes')
    expect(await yaml()).toBe(`${CONFIG}environments:\n  production:\n    state: ${to()}\n`)
    expect(await sees()).toBe(1)
  })

  it('back to the folder marks the object: a colleague is told, and the way back is open', async () => {
    await yaml(CONFIG)
    const before = await state('production')
    await ends(0, 'state', 'move', to(), '--yes')
    const colleague = await yaml()
    await ends(0, 'state', 'move', 'local', '--yes')
    expect(await yaml()).toBe(`${CONFIG}state: local\n`)
    expect(await object('production.json.moved')).toBe(before)
    expect(await sees()).toBe(1)

    const mine = await yaml(colleague)
    const { stderr } = await ends(2, 'status', '--offline')
    expect(stderr).toMatch(/The state is no longer at s3:\S+: .* moved it to local on \d{4}-\d\d-\d\d/)
    expect(await ends(2, 'create', '--yes')).toMatchObject({ stderr })
    expect(mine).toBe(colleague)

    await yaml(`${CONFIG}state: local\n`)
    await ends(0, 'state', 'move', to(), '--yes')
    expect(await sees()).toBe(1)
    expect((await ends(0, 'state', 'move', to(), '--yes')).stdout).toContain('already')
  })

  it('overwrites neither another history nor a newer one', async () => {
    await yaml(CONFIG)
    await state('production')
    await ends(0, 'state', 'move', to(), '--yes')
    const there = await object('production.json')
    await yaml(CONFIG)
    await state('production', 'another')
    expect((await ends(2, 'state', 'move', to(), '--yes')).stderr).toContain('it has another history')
    await state('production', 'of-production', 6)
    expect((await ends(2, 'state', 'move', to(), '--yes')).stderr).toContain('is newer than the one that would be moved')
    expect(await object('production.json')).toBe(there)
    expect(await yaml()).toBe(CONFIG)
  })

  it('a config that would not say so is refused before anything is written', async () => {
    await yaml(`${CONFIG}environments:\n  production: &p\n    state: local\n  staging: *p\n`)
    await state('production')
    expect((await ends(2, 'state', 'move', to(), '--yes')).stderr).toContain('cannot be made to say')
    expect([await object('production.json'), await files()]).toEqual([undefined, ['production.json']])
  })

  /** Kills the run before its n-th step on files that begin with this name, or before AWS hears of a call. */
  interface Kill {
    readonly name: string
    readonly step?: readonly [file: string, n: number]
    readonly call?: RegExp
  }
  const killed = async (kill: Kill, ...args: string[]): Promise<void> => {
    const { KILL_AT: _, KILL_IN: __, NODE_OPTIONS: ___, ...env } = p.env
    if (kill.step)
      Object.assign(p.env, { NODE_OPTIONS: `--import ${STEPS}`, KILL_AT: `${kill.step[1]}`, KILL_IN: join(p.dir, kill.step[0]) })
    const run = p.start(...args)
    if (kill.call)
      proxy.before = (call) => {
        if (!kill.call?.test(call.op)) return undefined
        run.kill('SIGKILL')
        return 'drop'
      }
    const r = await run.done
    expect(r.code, `${kill.name}: ${r.all}`).toBeNull()
    proxy.before = undefined
    for (const key of ['KILL_AT', 'KILL_IN', 'NODE_OPTIONS']) delete p.env[key]
    Object.assign(p.env, env)
  }

  it.each<Kill>([
    { name: 'before the config is written', step: ['infra.yaml', 1] },
    { name: 'before the old file gets its new name', step: ['state/production.json', 1] },
  ])('into a bucket, killed $name: the same command goes on', async (kill) => {
    await yaml(CONFIG)
    const before = await state('production')
    await killed(kill, 'state', 'move', to(), '--yes')
    expect(await sees()).toBe(1)
    await ends(0, 'state', 'move', to(), '--yes')
    expect(await yaml()).toBe(`${CONFIG}state: ${to()}\n`)
    expect(await object('production.json')).toBe(before)
    expect(await files()).toEqual(['production.json.moved'])
    expect(await sees()).toBe(1)
  })

  it.each<Kill>([
    { name: 'before the copy in the bucket', call: /PUT .*production\.json\.moved$/ },
    { name: 'before the mark in the bucket', call: /PUT .*production\.json$/ },
    { name: 'before the config is written', step: ['infra.yaml', 1] },
  ])('out of a bucket, killed $name: the same command goes on', async (kill) => {
    await yaml(CONFIG)
    await state('production')
    await ends(0, 'state', 'move', to(), '--yes')
    await killed(kill, 'state', 'move', 'local', '--yes')
    // Until the mark is there, the bucket is as good as ever; then it says where the state is, and a command that goes on.
    const look = await p.run('status', '--offline')
    expect([0, 2]).toContain(look.code)
    if (look.code === 2) expect(look.stderr).toContain('infra state move local finishes the move')
    await ends(0, 'state', 'move', 'local', '--yes')
    expect(await yaml()).toBe(`${CONFIG}state: local\n`)
    expect(await sees()).toBe(1)
    expect(JSON.parse((await object('production.json')) ?? '{}')).toMatchObject({ moved: { to: 'local' } })
  })
})
