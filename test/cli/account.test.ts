import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { CreateSecurityGroupCommand, CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2'
import { CreateDBInstanceCommand, RDSClient } from '@aws-sdk/client-rds'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { type Account, clientConfig, freshAccount } from '../support/account.ts'
import { INIT, type Place, place, type Ran } from '../support/cli.ts'
import { type FaultProxy, startProxy } from '../support/proxy.ts'
import { refused } from './support/refused.ts'

const url = inject('motoUrl')

describe.skipIf(!url)('refused after a look at the account, and nothing is changed', () => {
  let account: Account
  let proxy: FaultProxy
  let p: Place
  let text: string
  beforeAll(async () => {
    account = await freshAccount(url ?? '')
    proxy = await startProxy(url ?? '')
    p = await place({ ...account.env, AWS_ENDPOINT_URL: proxy.url })
    expect((await p.run(...INIT)).code).toBe(0)
    text = await readFile(join(p.dir, 'infra.yaml'), 'utf8')
  })
  afterAll(async () => {
    await p?.remove()
    await proxy?.close()
  })
  beforeEach(async () => {
    proxy.rules = []
    proxy.clear()
    await writeFile(join(p.dir, 'infra.yaml'), text)
  })
  const no = async (...args: string[]): Promise<Ran> => {
    const r = refused(await p.run(...args))
    expect(proxy.changing()).toEqual([])
    await expect(readFile(join(p.dir, 'state', 'production.json'))).rejects.toThrow(/ENOENT/)
    return r
  }
  /** As `no`, for commands that show the plan before they refuse. */
  const shown = async (...args: string[]): Promise<Ran> => {
    const r = await p.run(...args)
    expect(r.code, r.all).toBe(2)
    expect(proxy.changing()).toEqual([])
    return r
  }
  const set = (...pairs: string[]) => p.run('init', ...pairs.flatMap((x) => ['--set', x]))

  it('create without --yes where nobody can be asked names the flag', async () => {
    const r = await shown('create')
    expect(r.stdout).toContain('33 to create')
    expect(r.stderr).toContain('nobody can be asked here: there is no terminal.\nNext: infra create --yes')
    expect(JSON.parse((await shown('create', '--json')).stdout)).toMatchObject({ code: 'yes.needed', next: 'infra create --yes' })
    // The command that is proposed makes what was asked for, not everything.
    expect((await shown('create', 'vpc')).stderr).toContain('infra create vpc --yes')
  })

  it('a step before its needs names what is missing and the command', async () => {
    const r = await no('create', 'rds', '--yes', '--env', 'production')
    expect(r.stderr).toContain('rds needs vpc, security-groups and secrets first')
    expect(r.stderr).toContain('Next: infra create vpc security-groups secrets rds --yes --env production')
  })

  it('an engine version that RDS does not offer', async () => {
    await set('rds.version=16.99')
    const r = await no('create', '--yes')
    expect(r.stderr).toContain(
      'rds.version is 16.99, which RDS does not offer for postgres in this region: AWS retires minor versions',
    )
    expect(r.stderr).toContain('rds.version: "16"')
    await set('rds.version=7')
    expect((await no('plan')).stderr).toContain('rds.version is 7')
  })

  it('zones that do not exist here', async () => {
    await set('vpc.azs=[us-east-1a, us-east-1z]')
    expect((await no('create', '--yes')).stderr).toMatch(
      /vpc\.azs names us-east-1z, which is no zone of us-east-1 .*: it has us-east-1a, /,
    )
  })

  it('a region in which nothing may be done', async () => {
    proxy.rules = [{ match: /^ec2\./, error: 'OptInRequired', status: 401, message: 'You are not subscribed to this service' }]
    expect((await no('create', '--yes', '--region', 'af-south-1')).stderr).toContain(
      'The region af-south-1 is not enabled in this account',
    )
  })

  it('nothing to destroy is not a refusal, and a wrong name is said', async () => {
    const r = await p.run('destroy', '--yes')
    expect([r.code, r.stderr]).toEqual([0, ''])
    expect(r.stdout).toContain('there is nothing to destroy')
    expect((await no('destroy', 'vcp', '--yes')).stderr).toContain('did you mean vpc?')
  })

  it('while another run holds the lock: its process and its command', async () => {
    await mkdir(join(p.dir, 'state'), { recursive: true })
    const lock = join(p.dir, 'state', 'production.lock')
    const holder = {
      nonce: '0e7a3c1e-98e5-4a0f-8a53-2f2f2f2f2f2f',
      host: hostname(),
      pid: process.pid,
      started: '2026-01-02T03:04:05.000Z',
      command: 'infra create rds',
    }
    await writeFile(lock, JSON.stringify(holder))
    for (const args of [
      ['create', '--yes'],
      ['destroy', '--yes'],
    ]) {
      const r = await no(...args)
      expect(r.stderr).toContain(
        `Another run holds the lock: infra create rds (process ${process.pid} on ${hostname()}, since 2026-01-02`,
      )
    }
    // Looking needs no lock.
    expect((await p.run('status')).code).toBe(0)
    expect((await p.run('plan')).code).toBe(0)
    expect(JSON.parse(await readFile(lock, 'utf8'))).toEqual(holder)
    await writeFile(lock, JSON.stringify({ ...holder, pid: 999_999_999 }))
    const r = await shown('create')
    expect(r.stderr).toContain('process 999999999, infra create rds')
  })

  it('a name that somebody else has', async () => {
    const ec2 = new EC2Client(clientConfig(account))
    const rds = new RDSClient(clientConfig(account))
    const created = await rds.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: 'startupwebapp-multi-tenant-prod',
        Engine: 'postgres',
        DBInstanceClass: 'db.t4g.micro',
        AllocatedStorage: 20,
        MasterUsername: 'postgres',
        MasterUserPassword: 'not-a-secret-1',
      }),
    )
    expect(created.DBInstance?.DBInstanceIdentifier).toBe('startupwebapp-multi-tenant-prod')
    const r = await shown('create', '--yes')
    expect(r.stderr).toMatch(/startupwebapp-multi-tenant-prod/)
    expect(r.stderr).toMatch(/not|other|taken/i)
    expect(r.stderr).toMatch(/Next: /)
    // A group of the same name in another VPC is no obstacle: EC2's names are unique in a VPC only.
    const vpc = (await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }))).Vpc?.VpcId ?? ''
    await ec2.send(new CreateSecurityGroupCommand({ GroupName: 'startupwebapp-rds-sg', Description: 'x', VpcId: vpc }))
    proxy.clear()
    const plan = await p.run('plan', 'security-groups', '--json')
    expect(plan.json<{ problems: unknown[] }>().problems).toEqual([])
  })

  it('with --json, errors are words on stderr and one object on stdout', async () => {
    for (const args of [
      ['create', 'rds', '--yes', '--json'],
      ['plan', 'vcp', '--json'],
      ['status', '--json', '--region', 'mars'],
    ]) {
      const r = await shown(...args)
      expect(r.stderr).toMatch(/\nNext: /)
      expect(r.json()).toMatchObject({ type: 'error', exitCode: 2 })
    }
  })
})
