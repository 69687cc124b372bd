import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CloudWatchClient, DeleteAlarmsCommand } from '@aws-sdk/client-cloudwatch'
import {
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  EC2Client,
  ModifyVpcAttributeCommand,
} from '@aws-sdk/client-ec2'
import {
  DescribeDBInstancesCommand,
  DescribeDBSubnetGroupsCommand,
  ModifyDBInstanceCommand,
  RDSClient,
} from '@aws-sdk/client-rds'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { type Account, clientConfig, freshAccount } from '../support/account.ts'
import { INIT, type Place, place } from '../support/cli.ts'
import { type FaultProxy, startProxy } from '../support/proxy.ts'

const url = inject('motoUrl')

interface DriftJson {
  drift: { key: string; what: string; changes: { prop: string; recorded: string; actual: string }[] }[]
}

describe.skipIf(!url)('the world changes under us', () => {
  let account: Account
  let proxy: FaultProxy
  let p: Place
  let ec2: EC2Client

  beforeEach(async () => {
    account = await freshAccount(url ?? '')
    proxy = await startProxy(url ?? '')
    p = await place({ ...account.env, AWS_ENDPOINT_URL: proxy.url })
    ec2 = new EC2Client(clientConfig(account))
    await ok(...INIT)
  })
  afterEach(async () => {
    await p.remove()
    await proxy.close()
  })

  const ok = async (...args: string[]) => {
    const r = await p.run(...args)
    expect(r.code, r.all).toBe(0)
    return r
  }
  const changing = async () =>
    (await ok('plan', '--json')).json<{ actions: { action: string; key: string }[] }>().actions.filter((a) => a.action !== 'keep')

  it('drift tells what was deleted and altered, changes nothing, and leaves alone what it is told to', async () => {
    await ok('create', '--yes')
    expect((await ok('drift', '--json')).json<DriftJson>().drift).toEqual([])
    const rows = (await p.state()).resources
    await new CloudWatchClient(clientConfig(account)).send(
      new DeleteAlarmsCommand({ AlarmNames: ['startupwebapp-rds-cpu-high'] }),
    )
    await ec2.send(new ModifyVpcAttributeCommand({ VpcId: String(rows.vpc?.attrs?.id), EnableDnsHostnames: { Value: false } }))
    await new RDSClient(clientConfig(account)).send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier: 'startupwebapp-multi-tenant-prod',
        DBInstanceClass: 'db.t4g.medium',
        ApplyImmediately: true,
      }),
    )
    proxy.clear()
    const before = await p.state()
    const r = await p.run('drift', '--json')
    expect(r.code).toBe(3)
    expect(r.json<DriftJson>().drift).toMatchObject([
      { key: 'cpu-high-alarm', what: 'deleted' },
      {
        key: 'db-instance',
        what: 'altered',
        changes: [{ prop: 'instanceClass', recorded: 'db.t4g.small', actual: 'db.t4g.medium' }],
      },
      { key: 'vpc', what: 'altered', changes: [{ prop: 'dnsHostnames', recorded: 'true', actual: 'false' }] },
    ])
    expect((await p.run('drift')).stdout).toContain('3 resources of 33 changed outside of infra')
    expect(proxy.changing()).toEqual([])
    expect(await p.state()).toEqual(before)

    await ok('init', '--set', 'drift.ignore=[db-instance.instanceClass, cpu-high-alarm]')
    expect((await p.run('drift', '--json')).json<DriftJson>().drift.map((d) => d.key)).toEqual(['vpc'])
    await ok('create', '--yes')
    expect((await ok('drift', '--json')).json<DriftJson>().drift).toEqual([])
    const db = await new RDSClient(clientConfig(account)).send(new DescribeDBInstancesCommand({}))
    expect(db.DBInstances?.[0]?.DBInstanceClass).toBe('db.t4g.medium')
  })

  it('a config edit that was not carried out yet is no drift', async () => {
    await ok('create', 'vpc', '--yes')
    await ok('init', '--set', 'vpc.nat=single')
    expect((await ok('drift', '--json')).json<DriftJson>().drift).toEqual([])
  })

  it('recover rebuilds a lost state, also of what the config no longer declares; the next create is a no-op', async () => {
    await ok('init', '--set', 'vpc.nat=single')
    await ok('create', '--yes')
    const before = (await p.state()).resources
    await rm(join(p.dir, 'state'), { recursive: true })
    proxy.clear()
    const r = (await ok('recover', '--yes', '--json')).json<{ recovered: { key: string }[] }>()
    expect(proxy.changing()).toEqual([])
    expect(r.recovered).toHaveLength(36)
    const after = (await p.state()).resources
    expect(Object.keys(after)).toEqual(Object.keys(before))
    for (const key of Object.keys(before)) {
      expect(after[key]?.deps, key).toEqual(before[key]?.deps)
      if (!key.startsWith('alerts-email')) expect(after[key]?.attrs, key).toEqual(before[key]?.attrs)
    }
    expect((await p.run('create', '--yes')).stdout).toContain('Nothing to do')
    expect((await ok('drift', '--json')).json<DriftJson>().drift).toEqual([])

    await rm(join(p.dir, 'state'), { recursive: true })
    await ok('init', '--set', 'vpc.nat=none')
    await ok('recover', '--yes')
    expect((await changing()).map((a) => `${a.action} ${a.key}`).sort()).toEqual([
      'delete nat-eip',
      'delete nat-gateway',
      'delete private-default-route',
    ])
    await ok('destroy', '--yes', '--confirm', 'startupwebapp')
    expect((await ec2.send(new DescribeVpcsCommand({ Filters: [{ Name: 'isDefault', Values: ['false'] }] }))).Vpcs).toEqual([])
  })

  it('recover finds nothing in an empty account, and asks before it writes', async () => {
    expect((await ok('recover', '--yes')).stdout).toContain('Nothing of this stack was found')
    await ok('create', 'secrets', '--yes')
    await rm(join(p.dir, 'state'), { recursive: true })
    expect((await p.run('recover')).code).toBe(2)
  })

  it('a taken name is refused with the adopt command; adopted, it is used, never changed, and left behind', async () => {
    await ok('create', 'vpc', '--yes')
    const VpcId = String((await p.state()).resources.vpc?.attrs?.id)
    const { GroupId = '' } = await ec2.send(
      new CreateSecurityGroupCommand({ GroupName: 'startupwebapp-backend-sg', Description: 'by hand', VpcId }),
    )
    const refused = await p.run('create', 'security-groups', '--yes')
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain(`infra adopt backend-security-group ${GroupId}`)
    expect((await p.run('adopt', 'backend-security-grup', GroupId, '--yes')).stderr).toContain(
      'did you mean backend-security-group',
    )
    expect((await p.run('adopt', 'backend-security-group', 'sg-00000000', '--yes')).code).toBe(2)
    const adopted = await ok('adopt', 'backend-security-group', GroupId, '--yes')
    expect(adopted.stdout).toMatch(/description +by hand +instead of/)
    await ok('create', 'security-groups', '--yes')
    const rule = (await p.state()).resources['rds-from-backend-rule'] as unknown as { want: { sourceGroupId: string } }
    expect(rule.want.sourceGroupId).toBe(GroupId)
    const group = async () => (await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [GroupId] }))).SecurityGroups?.[0]
    expect((await group())?.Tags ?? []).toEqual([])
    const down = await ok('destroy', 'security-groups', '--yes')
    expect(down.all).toContain('stays: security group startupwebapp-backend-sg: was there before')
    expect((await group())?.GroupId).toBe(GroupId)
    expect((await p.run('adopt', 'vpc', VpcId, '--yes')).stderr).toContain('vpc is recorded already')
  })

  it('destroy --adopted takes down what was taken in', async () => {
    await ok('create', 'vpc', '--yes')
    const VpcId = String((await p.state()).resources.vpc?.attrs?.id)
    const { GroupId = '' } = await ec2.send(
      new CreateSecurityGroupCommand({ GroupName: 'startupwebapp-backend-sg', Description: 'by hand', VpcId }),
    )
    await ok('adopt', 'backend-security-group', GroupId, '--yes')
    await ok('destroy', 'security-groups', '--yes', '--adopted')
    await expect(ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [GroupId] }))).rejects.toThrow()
  })

  it('vpc.mode existing: the named network is used, only the DB subnet group is made, and all of it stays', async () => {
    const VpcId = (await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }))).Vpc?.VpcId ?? ''
    const subnet = async (zone: string, n: number) =>
      (await ec2.send(new CreateSubnetCommand({ VpcId, AvailabilityZone: `us-east-1${zone}`, CidrBlock: `10.9.${n}.0/24` })))
        .Subnet?.SubnetId ?? ''
    const [a, b, c] = [await subnet('a', 1), await subnet('b', 2), await subnet('a', 3)]
    await ok('init', '--set', `vpc={ mode: existing, id: ${VpcId}, privateSubnetIds: [${a}, ${c}] }`)
    expect((await p.run('create', '--yes')).stderr).toContain('are all in us-east-1a')
    await ok('init', '--set', `vpc={ mode: existing, id: ${VpcId}, privateSubnetIds: [${a}, subnet-0123456789abcdef0] }`)
    expect((await p.run('create', '--yes')).stderr).toContain('subnet-0123456789abcdef0, which is not there')
    await ok('init', '--set', `vpc={ mode: existing, id: ${VpcId}, privateSubnetIds: [${a}, ${b}], publicSubnetIds: [${c}] }`)
    await ok('create', '--yes')
    const groups = await new RDSClient(clientConfig(account)).send(new DescribeDBSubnetGroupsCommand({}))
    expect(groups.DBSubnetGroups?.[0]?.Subnets?.map((s) => s.SubnetIdentifier).sort()).toEqual([a, b].sort())
    expect(await changing()).toEqual([])
    expect((await ok('status', '--json')).json<{ progress: object }>().progress).toEqual({ done: 5, total: 5 })
    await ok('destroy', '--yes', '--confirm', 'startupwebapp')
    expect((await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [a, b, c] }))).Subnets).toHaveLength(3)
  })

  it('vpc.mode default: the default VPC with its subnets', async () => {
    await ok('init', '--set', 'vpc={ mode: default }')
    await ok('create', '--yes')
    const vpc = (await ec2.send(new DescribeVpcsCommand({ Filters: [{ Name: 'isDefault', Values: ['true'] }] }))).Vpcs?.[0]?.VpcId
    expect((await p.state()).resources.vpc).toMatchObject({ adopted: true, attrs: { id: vpc } })
    expect(await changing()).toEqual([])
    await ok('destroy', '--yes', '--confirm', 'startupwebapp')
    expect((await ec2.send(new DescribeVpcsCommand({ VpcIds: [vpc ?? ''] }))).Vpcs).toHaveLength(1)
  })
})
