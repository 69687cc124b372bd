import * as EC2 from '@aws-sdk/client-ec2'
import * as IAM from '@aws-sdk/client-iam'
import * as SSM from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { startMoto, type TestServer } from '../support/moto.ts'
import { pass } from './ecs.ts'
import { type Clients, clients, given, refusal, tagged, until, vpcWithSubnets } from './support.ts'

const IMAGE = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default'
const REMOTE = 'AWS-StartPortForwardingSessionToRemoteHost'
const POLICY = 'arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore'

describe.skipIf(!inject('motoUrl'))('EC2 instances, and sessions to them', () => {
  let server: TestServer
  let aws: Clients
  let net: Awaited<ReturnType<typeof vpcWithSubnets>>
  beforeAll(async () => {
    server = await startMoto('0,ec2=0.8,ec2-delete=0.8,agent=0.5')
  })
  beforeEach(async () => {
    aws = await clients(server.url) // an account of its own
    net = await vpcWithSubnets(aws)
  })
  afterAll(async () => await server.stop())

  const image = async (architecture = 'arm64') => {
    const { Parameter } = await aws.ssm.send(new SSM.GetParameterCommand({ Name: `${IMAGE}-${architecture}` }))
    return given(Parameter?.Value)
  }
  const profile = async (PolicyArn?: string) => {
    const RoleName = 'bastion'
    const AssumeRolePolicyDocument = '{"Version":"2012-10-17","Statement":[]}'
    await aws.iam.send(new IAM.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
    if (PolicyArn) await aws.iam.send(new IAM.AttachRolePolicyCommand({ RoleName, PolicyArn }))
    const InstanceProfileName = RoleName
    await aws.iam.send(new IAM.CreateInstanceProfileCommand({ InstanceProfileName }))
    await aws.iam.send(new IAM.AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName }))
    return { Name: InstanceProfileName }
  }
  const run = async (more: Partial<EC2.RunInstancesCommandInput> = {}) => {
    const wish = { ImageId: await image(), InstanceType: 't4g.nano' as const, MinCount: 1, MaxCount: 1, SubnetId: net.first }
    const { Instances } = await aws.ec2.send(new EC2.RunInstancesCommand({ ...wish, ...more }))
    return given(Instances?.[0])
  }
  const bastion = async (more: Partial<EC2.RunInstancesCommandInput> = {}, AssociatePublicIpAddress = true) => {
    const NetworkInterfaces = [{ DeviceIndex: 0, SubnetId: net.first, AssociatePublicIpAddress, DeleteOnTermination: true }]
    const { InstanceId } = await run({ SubnetId: undefined, NetworkInterfaces, TagSpecifications: tagged('instance'), ...more })
    return given(InstanceId)
  }
  const described = async (...InstanceIds: string[]) => {
    const { Reservations = [] } = await aws.ec2.send(new EC2.DescribeInstancesCommand(InstanceIds.length ? { InstanceIds } : {}))
    return Reservations.flatMap((r) => r.Instances ?? [])
  }
  const state = (id: string) => async () => (await described(id))[0]?.State?.Name
  const known = async (Filters: SSM.InstanceInformationStringFilter[] = []) => {
    const { InstanceInformationList = [] } = await aws.ssm.send(new SSM.DescribeInstanceInformationCommand({ Filters }))
    return InstanceInformationList
  }
  const online = (id: string) => until(known, (list) => list.some((i) => i.InstanceId === id && i.PingStatus === 'Online'))
  const session = (Target: string, more: Partial<SSM.StartSessionCommandInput> = {}) =>
    aws.ssm.send(new SSM.StartSessionCommand({ Target, ...more }))

  it('run the Amazon Linux that Systems Manager names, on a type of its architecture', async () => {
    const [arm, intel] = [await image('arm64'), await image('x86_64')]
    expect(new Set([arm, intel]).size).toBe(2)
    expect(await run({ ImageId: arm })).toMatchObject({ ImageId: arm, Architecture: 'arm64', RootDeviceName: '/dev/xvda' })
    expect(await run({ ImageId: intel, InstanceType: 't3.nano' })).toMatchObject({ Architecture: 'x86_64' })
    expect(await refusal(run({ ImageId: arm, InstanceType: 't3.nano' }))).toMatch(/InvalidParameterValue: The architecture/)
    const Filters = [{ Name: 'image-id', Values: [arm] }]
    const { Images } = await aws.ec2.send(new EC2.DescribeImagesCommand({ Filters }))
    expect(Images).toMatchObject([
      {
        ImageOwnerAlias: 'amazon',
        Name: expect.stringMatching(/^al2023-ami-/),
        RootDeviceName: '/dev/xvda',
        BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 8 } }],
      },
    ])
    expect((await aws.ec2.send(new EC2.DescribeImagesCommand({}))).Images).toHaveLength(2)
  })

  it('are one for one client token, also after they are gone', async () => {
    const ClientToken = 'token-1'
    const [one, two] = await Promise.all([run({ ClientToken }), run({ ClientToken })])
    expect(two.InstanceId).toBe(one.InstanceId)
    const same = given(one.InstanceId)
    expect(await refusal(run({ ClientToken, InstanceType: 't4g.micro' }))).toContain('IdempotentParameterMismatch')
    await aws.ec2.send(new EC2.TerminateInstancesCommand({ InstanceIds: [same] }))
    expect((await run({ ClientToken })).InstanceId).toBe(same)
    expect((await run({ ClientToken: 'token-2' })).InstanceId).not.toBe(same)
    expect(await described()).toHaveLength(2)
  })

  it('take time to come and to go, and hold their network until they are gone', async () => {
    const begun = Date.now()
    const id = await bastion()
    expect(await state(id)()).toBe('pending')
    expect(await until(state(id), (s) => s !== 'pending')).toBe('running')
    expect(Date.now() - begun).toBeGreaterThanOrEqual(750)
    await aws.ec2.send(new EC2.StopInstancesCommand({ InstanceIds: [id] }))
    expect(await state(id)()).toBe('stopped')
    await aws.ec2.send(new EC2.StartInstancesCommand({ InstanceIds: [id] }))
    expect(await state(id)()).toBe('pending')
    const { TerminatingInstances } = await aws.ec2.send(new EC2.TerminateInstancesCommand({ InstanceIds: [id] }))
    expect(TerminatingInstances?.[0]?.CurrentState?.Name).toBe('shutting-down')
    expect(await state(id)()).toBe('shutting-down')
    const subnet = () => refusal(aws.ec2.send(new EC2.DeleteSubnetCommand({ SubnetId: net.first })))
    expect(await subnet()).toContain('DependencyViolation')
    expect(await until(state(id), (s) => s !== 'shutting-down')).toBe('terminated')
    expect(await subnet()).toBe('no error')
  })

  it('can be stopped and ended before they run', async () => {
    const id = await bastion()
    await aws.ec2.send(new EC2.StopInstancesCommand({ InstanceIds: [id] }))
    expect(await state(id)()).toBe('stopped')
    await pass(server.url, 1) // when it would have been running
    expect(await state(id)()).toBe('stopped')
    const other = await bastion()
    await aws.ec2.send(new EC2.TerminateInstancesCommand({ InstanceIds: [other] }))
    expect(await until(state(other), (s) => s !== 'shutting-down')).toBe('terminated')
    await aws.ec2.send(new EC2.TerminateInstancesCommand({ InstanceIds: [other] }))
    expect(await state(other)()).toBe('terminated')
  })

  it('are known to Systems Manager a while after they run, with a profile, its policy and a public address', async () => {
    const IamInstanceProfile = await profile(POLICY)
    const [id, hidden, bare] = [
      await bastion({ IamInstanceProfile }),
      await bastion({ IamInstanceProfile }, false),
      await bastion(),
    ]
    expect(await until(state(id), (s) => s !== 'pending')).toBe('running')
    expect(await known()).toEqual([])
    expect(await refusal(session(id))).toBe(`TargetNotConnected: ${id} is not connected.`)
    const [shown] = await online(id)
    expect(shown).toMatchObject({ InstanceId: id, PlatformType: 'Linux', AgentVersion: expect.stringMatching(/^3\./) })
    expect(await known()).toHaveLength(1) // neither the hidden nor the bare one
    expect(await refusal(session(hidden))).toContain('TargetNotConnected')
    expect(await refusal(session(bare))).toContain('TargetNotConnected')
    const ids = async (Key: string, ...Values: string[]) => (await known([{ Key, Values }])).map((i) => i.InstanceId)
    expect(await ids('InstanceIds', id, hidden)).toEqual([id])
    expect(await ids('InstanceIds', hidden)).toEqual([])
    expect(await ids('tag:infra:stack', 'startupwebapp/production')).toEqual([id])
    expect(await ids('tag:infra:stack', 'another')).toEqual([])
    expect(await ids('PingStatus', 'Online')).toEqual([id])
    expect(await refusal(ids('Nonsense', 'x'))).toContain('InvalidFilterKey')
    await aws.ec2.send(new EC2.StopInstancesCommand({ InstanceIds: [id] }))
    expect(await known()).toMatchObject([{ InstanceId: id, PingStatus: 'ConnectionLost' }])
  })

  it('are not known without a policy that lets the agent speak', async () => {
    const IamInstanceProfile = await profile()
    const id = await bastion({ IamInstanceProfile })
    await pass(server.url, 2)
    expect(await known()).toEqual([])
    await aws.iam.send(new IAM.AttachRolePolicyCommand({ RoleName: 'bastion', PolicyArn: POLICY }))
    expect(await known()).toMatchObject([{ InstanceId: id }])
  })

  it('take sessions, of the documents that AWS has', async () => {
    const id = await bastion({ IamInstanceProfile: await profile(POLICY) })
    await online(id)
    const Parameters = { host: ['db.example.com'], portNumber: ['5432'], localPortNumber: ['15432'] }
    const { SessionId, TokenValue, StreamUrl } = await session(id, { DocumentName: REMOTE, Parameters, Reason: 'test' })
    expect(StreamUrl).toBe(`wss://ssmmessages.us-east-1.amazonaws.com/v1/data-channel/${SessionId}?role=publish_subscribe`)
    expect(TokenValue?.length).toBeGreaterThan(100)
    expect((await session(id)).SessionId).not.toBe(SessionId)
    expect(await refusal(session(id, { DocumentName: 'AWS-Nonsense' }))).toContain('InvalidDocument')
    expect(await refusal(session(id, { DocumentName: REMOTE, Parameters: { portNumber: ['1'] } }))).toContain('host')
    expect(await refusal(session('i-0123456789abcdef0'))).toContain('TargetNotConnected')
    const active = async () => (await aws.ssm.send(new SSM.DescribeSessionsCommand({ State: 'Active' }))).Sessions
    expect(await active()).toHaveLength(2)
    expect(await aws.ssm.send(new SSM.TerminateSessionCommand({ SessionId }))).toMatchObject({ SessionId })
    expect(await active()).toHaveLength(1)
  })

  it('leave a profile that holds a role, and a role that a profile holds', async () => {
    const { Name: InstanceProfileName } = await profile()
    const remove = () => refusal(aws.iam.send(new IAM.DeleteInstanceProfileCommand({ InstanceProfileName })))
    expect(await remove()).toContain('DeleteConflict')
    expect(await refusal(aws.iam.send(new IAM.DeleteRoleCommand({ RoleName: 'bastion' })))).toContain('DeleteConflict')
    const out = new IAM.RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName: 'bastion' })
    await aws.iam.send(out)
    expect(await remove()).toBe('no error')
  })
})
