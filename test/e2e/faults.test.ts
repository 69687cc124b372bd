import { DescribeAddressesCommand, DescribeInternetGatewaysCommand, DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { type Account, clientConfig, freshAccount } from '../support/account.ts'
import { INIT, type Place, place } from '../support/cli.ts'
import { startMoto } from '../support/moto.ts'
import { type FaultProxy, startProxy } from '../support/proxy.ts'
import { eachNth } from '../support/some.ts'

const url = inject('motoUrl')
const WITH_NAT = [...INIT, '--set', 'vpc.nat=single']

describe.skipIf(!url)('when AWS misbehaves', () => {
  let account: Account
  let proxy: FaultProxy
  let p: Place

  beforeEach(async () => {
    account = await freshAccount(url ?? '')
    proxy = await startProxy(url ?? '')
    p = await place({ ...account.env, AWS_ENDPOINT_URL: proxy.url })
    expect((await p.run(...WITH_NAT)).code).toBe(0)
    proxy.clear()
  })
  afterEach(async () => {
    await p.remove()
    await proxy.close()
  })

  const LOST = ['ec2.CreateVpc', 'ec2.CreateInternetGateway', 'ec2.AllocateAddress', 'rds.CreateDBInstance', 'ec2.CreateSubnet']
  it.each(eachNth([...LOST, 'secretsmanager.CreateSecret', 'ec2.CreateNatGateway'], 3))(
    'the answer to %s is lost after it took effect: found, not made again',
    async (op: string) => {
      proxy.rules = [{ match: new RegExp(`^${op.replace('.', '\\.')}$`), lose: true, times: 1 }]
      const r = await p.run('create', '--yes')
      expect(r.code, r.all).toBe(0)
      expect(proxy.log.filter((c) => c.op === op && c.fault)).toHaveLength(1)
      const ec2 = new EC2Client(clientConfig(account))
      expect(
        (await ec2.send(new DescribeVpcsCommand({ Filters: [{ Name: 'isDefault', Values: ['false'] }] }))).Vpcs,
      ).toHaveLength(1)
      expect(
        (
          await ec2.send(
            new DescribeInternetGatewaysCommand({ Filters: [{ Name: 'tag:infra:stack', Values: ['startupwebapp/production'] }] }),
          )
        ).InternetGateways,
      ).toHaveLength(1)
      expect((await ec2.send(new DescribeAddressesCommand({}))).Addresses).toHaveLength(1)
      const again = await p.run('plan', '--json')
      expect(again.json<{ actions: { action: string }[] }>().actions.filter((a) => a.action !== 'keep')).toEqual([])
    },
  )

  it('throttling on every call: all succeed in the end, nothing twice', async () => {
    proxy.rules = [{ match: /./, error: 'RequestLimitExceeded', status: 503, p: 0.15 }]
    const r = await p.run('create', '--yes')
    expect(r.code, r.all).toBe(0)
    expect(proxy.log.filter((c) => c.op === 'ec2.CreateVpc' && !c.fault)).toHaveLength(1)
  })

  it('a missing permission stops what depends on it, names action and identity, and the rest is done', async () => {
    const message =
      'User: arn:aws:iam::1:user/jane is not authorized to perform: rds:CreateDBInstance on resource: arn:aws:rds:us-east-1:1:db:x because no identity-based policy allows the action'
    proxy.rules = [{ match: /^rds\.CreateDBInstance$/, error: 'AccessDenied', status: 403, message }]
    const r = await p.run('create', '--yes')
    expect(r.code).toBe(1)
    expect(r.stderr).toContain('arn:aws:iam::1:user/jane may not do rds:CreateDBInstance on arn:aws:rds:us-east-1:1:db:x')
    expect(r.stderr).toContain('To go on: infra create --yes')
    expect(r.stderr).not.toMatch(/\n\s+at /)
    const status = (await p.run('status', '--json')).json<{ steps: { name: string; state: string }[] }>()
    expect(status.steps.map((s) => s.state)).toEqual(['done', 'done', 'done', 'partial', 'done'])
    proxy.rules = []
    expect((await p.run('create', '--yes')).code).toBe(0)
  })

  it('a role that is not known everywhere yet is waited for', async () => {
    proxy.rules = [
      {
        match: /^rds\.CreateDBInstance$/,
        error: 'InvalidParameterValue',
        message: 'IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING',
        times: 3,
      },
    ]
    const r = await p.run('create', '--yes')
    expect(r.code, r.all).toBe(0)
    expect(proxy.log.filter((c) => c.op === 'rds.CreateDBInstance')).toHaveLength(4)
  })

  it('credentials that expire in the middle: what is done is recorded, the next run goes on', async () => {
    proxy.rules = [
      {
        match: /^ec2\.CreateSecurityGroup$/,
        error: 'ExpiredToken',
        message: 'The security token included in the request is expired',
      },
    ]
    const r = await p.run('create', '--yes')
    expect(r.code).toBe(1)
    expect(r.stderr).toContain('The AWS credentials have expired')
    proxy.rules = []
    const again = await p.run('create', '--yes')
    expect(again.code, again.all).toBe(0)
    expect(again.all).not.toContain('vpc created')
  })

  it('two runs at once: the second says who holds the lock and changes nothing', async () => {
    proxy.rules = [{ match: /^ec2\.CreateVpc$/, delay: 1500 }]
    const first = p.start('create', '--yes')
    await until(() => proxy.log.some((c) => c.op === 'ec2.CreateVpc'))
    const second = await p.run('create', '--yes')
    expect(second.code).toBe(2)
    expect(second.stderr).toContain(`Another run holds the lock: infra create (process ${first.pid}`)
    expect((await first.done).code).toBe(0)
    expect(proxy.log.filter((c) => c.op === 'ec2.CreateVpc')).toHaveLength(1)
  })

  it.each(eachNth(['ec2.CreateNatGateway', 'ec2.CreateVpc', 'ec2.CreateSubnet', 'rds.CreateDBInstance'], 3))(
    'killed right after %s took effect: the same command ends as an undisturbed one',
    async (op) => {
      const run = p.start('create', '--yes')
      proxy.after = (call) => {
        if (call.op !== op) return
        proxy.after = undefined
        run.kill('SIGKILL')
        return 'drop'
      }
      expect((await run.done).code).toBeNull()
      const again = await p.run('create', '--yes')
      expect(again.code, again.all).toBe(0)
      expect(again.stderr).toContain('did not end by itself; its lock is taken over')
      expect(proxy.log.filter((c) => c.op === op)).toHaveLength(op === 'ec2.CreateSubnet' ? 4 : 1)
      const down = await p.run('destroy', '--yes', '--confirm', 'startupwebapp')
      expect(down.code, down.all).toBe(0)
      const left = await new EC2Client(clientConfig(account)).send(
        new DescribeVpcsCommand({ Filters: [{ Name: 'isDefault', Values: ['false'] }] }),
      )
      expect(left.Vpcs).toEqual([])
    },
  )
})

describe.skipIf(!url)('Ctrl-C', () => {
  it('finishes the calls in flight, saves, says how to go on; the same command ends it', async () => {
    const slow = await startMoto('rds=4,nat=0,delete=0,modify=0,email=0')
    const account = await freshAccount(slow.url)
    const p = await place(account.env)
    try {
      await p.run(...INIT)
      const run = p.start('create', '--yes')
      await run.printed('db-instance: creating')
      run.kill('SIGINT')
      const r = await run.done
      expect(r.code, r.all).toBe(130)
      expect(r.stderr).toContain('To go on: infra create --yes')
      expect((await p.state()).resources['db-instance']).toMatchObject({
        is: 'creating',
        attrs: { id: 'startupwebapp-multi-tenant-prod' },
      })
      const status = (await p.run('status', '--json')).json<{
        steps: { name: string; state: string }[]
        next: { command: string }
      }>()
      expect(status.steps.find((s) => s.name === 'rds')?.state).toBe('in progress')
      const again = await p.run('create', '--yes')
      expect(again.code, again.all).toBe(0)
      expect((await p.run('status', '--json')).json<{ next: null }>().next).toBeNull()
    } finally {
      await p.remove()
      await slow.stop()
    }
  })
})

const until = async (true_: () => boolean): Promise<void> => {
  for (let i = 0; i < 400 && !true_(); i++) await new Promise((r) => setTimeout(r, 25))
}
