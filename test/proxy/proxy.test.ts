import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch'
import { CreateVpcCommand, DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { DescribeDBInstancesCommand, DescribePendingMaintenanceActionsCommand, RDSClient } from '@aws-sdk/client-rds'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { clientConfig, freshAccount } from '../support/account.ts'
import { type Call, type FaultProxy, startProxy } from '../support/proxy.ts'

const url = inject('motoUrl')

describe.skipIf(!url)('the fault proxy', () => {
  let proxy: FaultProxy
  let config: ReturnType<typeof clientConfig>
  let ec2: EC2Client

  beforeAll(async () => {
    proxy = await startProxy(url ?? '')
  })
  afterAll(() => proxy?.close())
  beforeEach(async () => {
    const account = await freshAccount(url ?? '')
    config = clientConfig({ ...account, env: { ...account.env, AWS_ENDPOINT_URL: proxy.url } })
    ec2 = new EC2Client(config)
    proxy.rules = []
    proxy.before = undefined
    proxy.after = undefined
    proxy.clear()
  })

  const createVpc = (client = ec2) => client.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))
  const ownVpcs = async () => {
    const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({ Filters: [{ Name: 'is-default', Values: ['false'] }] }))
    return Vpcs.length
  }
  const failure = (call: Promise<unknown>): Promise<Error & { $metadata?: { httpStatusCode?: number; attempts?: number } }> =>
    call.then(
      () => new Error('no error'),
      (error: Error) => error,
    )
  const ops = () => proxy.log.map((call) => call.op)

  it('hands calls and answers through and names them in every protocol', async () => {
    await createVpc()
    expect(await ownVpcs()).toBe(1)
    await new RDSClient(config).send(new DescribeDBInstancesCommand({}))
    await new SecretsManagerClient(config).send(new CreateSecretCommand({ Name: 'shop', SecretString: 'x' }))
    await new CloudWatchClient(config).send(new DescribeAlarmsCommand({}))
    await new IAMClient(config).send(new CreateRoleCommand({ RoleName: 'shop', AssumeRolePolicyDocument: '{}' }))
    const all = ['ec2.CreateVpc', 'ec2.DescribeVpcs', 'rds.DescribeDBInstances', 'secretsmanager.CreateSecret']
    expect(ops()).toEqual([...all, 'monitoring.DescribeAlarms', 'iam.CreateRole'])
    expect(proxy.changing().map((call) => call.op)).toEqual(['ec2.CreateVpc', 'secretsmanager.CreateSecret', 'iam.CreateRole'])
    expect(proxy.log.map((call) => [call.n, call.status])).toEqual([1, 2, 3, 4, 5, 6].map((n) => [n, 200]))
    expect(proxy.log[0]?.body).toContain('CidrBlock=10.0.0.0')
  })

  it('passes on what the server says of an operation that it lacks', async () => {
    const error = await failure(new RDSClient(config).send(new DescribePendingMaintenanceActionsCommand({})))
    expect([error.name, error.$metadata?.httpStatusCode]).toEqual(['NotImplemented', 501])
    expect(proxy.log[0]?.fault).toBeUndefined()
  })

  it('refuses in the form of the protocol, and the SDK reads code, message and status', async () => {
    proxy.rules = [{ match: /./, error: 'RequestLimitExceeded', status: 503, message: 'slowly' }]
    const calls = [
      ec2.send(new DescribeVpcsCommand({})),
      new RDSClient(config).send(new DescribeDBInstancesCommand({})),
      new CloudWatchClient(config).send(new DescribeAlarmsCommand({})),
    ]
    for (const error of await Promise.all(calls.map(failure)))
      expect([error.name, error.message, error.$metadata?.httpStatusCode]).toEqual(['RequestLimitExceeded', 'slowly', 503])
    expect(proxy.log.every((call) => call.fault === 'RequestLimitExceeded' && call.status === 503)).toBe(true)
  })

  it('applies a rule so many times, after so many calls, and only to bodies that match', async () => {
    proxy.rules = [{ match: /^ec2\.Create/, body: /10\.0\.0\.0/, error: 'InternalFailure', status: 500, skip: 1, times: 1 }]
    await createVpc()
    await ec2.send(new CreateVpcCommand({ CidrBlock: '10.1.0.0/16' }))
    expect((await failure(createVpc())).name).toBe('InternalFailure')
    await createVpc()
    expect(await ownVpcs()).toBe(3)
  })

  it('breaks the connection before the effect, or loses the answer after it', async () => {
    proxy.rules = [{ match: /CreateVpc/, reset: true, times: 1 }]
    expect((await failure(createVpc())).message).toMatch(/socket hang up|ECONNRESET/)
    expect(await ownVpcs()).toBe(0)
    proxy.rules = [{ match: /CreateVpc/, lose: true, times: 1 }]
    expect((await failure(createVpc())).message).toMatch(/socket hang up|ECONNRESET/)
    expect(await ownVpcs()).toBe(1)
    expect(proxy.changing().map((call) => call.fault)).toEqual(['reset', 'lost'])
  })

  it('shows why: with retries of its own the SDK makes two of it', async () => {
    proxy.rules = [{ match: /CreateVpc/, lose: true, times: 1 }]
    await createVpc(new EC2Client({ ...config, maxAttempts: 3 }))
    expect(await ownVpcs()).toBe(2)
  })

  it('replaces in the answer', async () => {
    proxy.rules = [{ match: /DescribeVpcs/, replace: [/<state>available</, '<state>pending<'] }]
    const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}))
    expect(new Set(Vpcs.map((vpc) => vpc.State))).toEqual(new Set(['pending']))
  })

  it('draws chances from its seed: the same run hits the same calls', async () => {
    const hits = async () => {
      const other = await startProxy(url ?? '', { seed: 7 })
      other.rules = [{ match: /./, p: 0.5, error: 'Throttling' }]
      const client = new EC2Client({ ...config, endpoint: other.url })
      for (let i = 0; i < 12; i++) await failure(client.send(new DescribeVpcsCommand({})))
      await other.close()
      return other.log.map((call) => call.fault !== undefined)
    }
    const first = await hits()
    expect(first).toContain(true)
    expect(first).toContain(false)
    expect(await hits()).toEqual(first)
  })

  it('calls hooks before and after the effect, in which the call can be dropped', async () => {
    const heard: [string, number][] = []
    proxy.before = (call: Call) => {
      heard.push(['before', call.n])
      return call.n === 2 ? 'drop' : undefined
    }
    proxy.after = async (call) => {
      heard.push(['after', call.n])
      return call.n === 3 ? 'drop' : undefined
    }
    await createVpc()
    expect((await failure(createVpc())).message).toMatch(/socket hang up|ECONNRESET/)
    expect((await failure(createVpc())).message).toMatch(/socket hang up|ECONNRESET/)
    expect(heard.map(([when, n]) => `${when} ${n}`)).toEqual(['before 1', 'after 1', 'before 2', 'before 3', 'after 3'])
    expect(await ownVpcs()).toBe(2)
  })

  it('measures: delays, calls in flight, round trips deep', async () => {
    proxy.rules = [{ match: /./, delay: 100 }]
    const look = () => ec2.send(new DescribeVpcsCommand({}))
    await look()
    await Promise.all([look(), look(), look()])
    expect(proxy.log).toHaveLength(4)
    expect(proxy.maxInFlight()).toBe(3)
    expect(proxy.depth()).toBe(2)
    expect(proxy.span()).toBeGreaterThanOrEqual(199)
    proxy.clear()
    expect([proxy.log.length, proxy.depth(), proxy.maxInFlight(), proxy.span()]).toEqual([0, 0, 0, 0])
  })
})
