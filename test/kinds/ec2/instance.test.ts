import { describe, expect, it } from 'vitest'
import { Instance } from '../../../src/kinds/ec2/instance.ts'
import { costStopped } from '../../../src/kinds/ec2/instance-facts.ts'
import { machine, online, reservations, running } from '../fixtures/ec2-instance.ts'
import { aws, awsError, cloud, stamp, TAG_LIST } from '../support/cloud.ts'

const attrs = { id: 'i-1' }
const shown = (part: object) => ({ DescribeInstances: reservations({ ...running, Tags: TAG_LIST, ...part }) })
const look = (part: object, more: object = { DescribeInstanceInformation: online }, want: object = machine) => {
  const account = cloud({ ...shown(part), ...more })
  return Instance.observe(aws, stamp, want, attrs).then((seen) => ({ seen, account }))
}

describe('observe', () => {
  it.each([
    ['pending', 'pending'],
    ['running', 'ready'],
    ['stopping', 'ready'],
    ['stopped', 'ready'],
    ['shutting-down', 'deleting'],
    ['terminated', 'absent'],
  ])('%s is %s', async (Name, is) => {
    const { seen } = await look({ State: { Name } })
    expect(seen.is).toBe(is)
    if (seen.is !== 'absent') expect(seen.note).toBe(Name)
  })

  it.each([
    ['never registered', { InstanceInformationList: [] }],
    ['lost', { InstanceInformationList: [{ InstanceId: 'i-1', PingStatus: 'ConnectionLost' }] }],
    ['unknown to Systems Manager', awsError('InvalidInstanceId')],
  ])('is not ready while its agent is %s', async (_, DescribeInstanceInformation) => {
    const { seen, account } = await look({}, { DescribeInstanceInformation })
    expect(seen).toMatchObject({ is: 'pending', note: 'waiting for the SSM agent', attrs })
    expect(account.sent.at(-1)).toEqual(['DescribeInstanceInformation', { Filters: [{ Key: 'InstanceIds', Values: ['i-1'] }] }])
  })

  it.each([
    ['no agent is wanted', {}, { ...machine, agent: false }],
    ['it is stopped: a person did that on purpose', { State: { Name: 'stopped' } }, machine],
    ['it is still starting', { State: { Name: 'pending' } }, machine],
  ])('does not ask for the agent when %s', async (_, part, want) => {
    const { account } = await look(part, {}, want)
    expect(account.actions).toEqual(new Set(['ec2:DescribeInstances']))
  })

  it('says of a stopped one nothing about its address, which it has given back', async () => {
    const { seen } = await look({ State: { Name: 'stopped' }, PublicIpAddress: undefined })
    expect(seen.is !== 'absent' && seen.props).not.toHaveProperty('publicAddress')
    const { seen: without } = await look({ PublicIpAddress: undefined })
    expect(without).toMatchObject({ props: { publicAddress: false } })
  })

  it('sees that the instance profile was taken off', async () => {
    expect((await look({ IamInstanceProfile: undefined })).seen).toMatchObject({ props: { profile: '' } })
  })

  it('does not take a terminated one of an earlier time for the one that runs', async () => {
    cloud({
      DescribeInstances: reservations(
        { ...running, InstanceId: 'i-0', State: { Name: 'terminated' }, Tags: TAG_LIST },
        { ...running, Tags: TAG_LIST },
      ),
      DescribeInstanceInformation: online,
    })
    expect(await Instance.observe(aws, stamp, machine, undefined)).toMatchObject({ is: 'ready', attrs })
  })

  it.each([
    ['Client.InternalError', 'Client.InternalError: Client error on launch'],
    ['Server.InsufficientInstanceCapacity', 'no room in this zone'],
  ])('tells why a launch came to nothing: %s', async (Code, Message) => {
    const { seen } = await look({ State: { Name: 'terminated' }, StateReason: { Code, Message } })
    expect(seen).toEqual({ is: 'absent', note: Message })
  })

  it.each(['Client.UserInitiatedShutdown', 'Client.InstanceInitiatedShutdown'])('and of %s nothing', async (Code) => {
    const { seen } = await look({ State: { Name: 'terminated' }, StateReason: { Code, Message: 'User initiated' } })
    expect(seen).toEqual({ is: 'absent' })
  })
})

describe('create', () => {
  const created = async (want: object, Images: object[]) => {
    const account = cloud({ DescribeImages: { Images }, RunInstances: { Instances: [{ InstanceId: 'i-1' }] } })
    const made = await Instance.create(aws, { ...machine, ...want }, stamp)
    return { made, input: account.writes[0]?.[1] ?? {} }
  }
  it('is waited for', async () => {
    expect((await created({}, [])).made).toEqual({ attrs })
  })
  it('an image that is not listed: the root volume of Amazon Linux', async () => {
    expect((await created({}, [])).input).toMatchObject({
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 8 } }],
    })
  })
  it('no script and no address: neither is asked for, and the subnet is not left to decide', async () => {
    const { input } = await created({ userData: '', publicAddress: false }, [])
    expect(input).not.toHaveProperty('UserData')
    expect(input).toMatchObject({ NetworkInterfaces: [{ AssociatePublicIpAddress: false }] })
  })
})

it('an instance without a profile gets one; to replace one is another call', async () => {
  const account = cloud({
    DescribeIamInstanceProfileAssociations: { IamInstanceProfileAssociations: [] },
    AssociateIamInstanceProfile: {},
  })
  expect(await Instance.update?.(aws, attrs, machine, ['profile'])).toBe('pending')
  expect(account.writes).toEqual([
    ['AssociateIamInstanceProfile', { InstanceId: 'i-1', IamInstanceProfile: { Name: 'shop-dev-profile' } }],
  ])
  expect(Instance.facts.iam.update).toEqual(expect.arrayContaining([...account.actions]))
})

describe('cost', () => {
  const items = (want: object) => Instance.facts.monthly?.(want, 'us-east-1') ?? []
  const total = (want: object) => Math.round(items(want).reduce((sum, i) => sum + i.usd, 0) * 100) / 100
  it.each([
    ['t4g.nano', 7.36],
    ['t3.micro', 11.88],
  ])('%s with address and volume', (instanceType, usd) => {
    expect(total({ instanceType, publicAddress: true })).toBe(usd)
  })
  it('without an address', () => {
    expect(items({ instanceType: 't4g.nano', publicAddress: false })).toHaveLength(2)
  })
  it('a type that is not in the table is named, not priced', () => {
    expect(items({ instanceType: 'x9.huge' })[0]).toMatchObject({ what: 'x9.huge', usd: 0, unpriced: 'x9.huge' })
  })
  it('a stopped one keeps its volume', () => {
    expect(costStopped('us-east-1')).toEqual([{ what: '8 GB gp3', usd: 0.64 }])
  })
})
