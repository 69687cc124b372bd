import { describe, expect, it } from 'vitest'
import { Instance } from '../../../src/kinds/ec2/instance.ts'
import { reservations, running } from '../fixtures/ec2-instance.ts'
import { type Answers, aws, awsError, cloud } from '../support/cloud.ts'

const image = { ImageId: 'ami-0', Name: 'al2023-ami-2023.9.20261101.0-kernel-6.1-arm64', ImageOwnerAlias: 'amazon' }
const core = { AttachedPolicies: [{ PolicyArn: 'arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore' }] }
const endpoints = (...names: string[]) => ({
  VpcEndpoints: names.map((name) => ({ ServiceName: `com.amazonaws.us-east-1.${name}` })),
})
const table = (...Routes: object[]) => ({ RouteTables: [{ Routes }] })
const everywhere = { DestinationCidrBlock: '0.0.0.0/0', State: 'active' }

/** All is well: nothing keeps the agent off. */
const well: Answers = {
  DescribeInstances: reservations(running),
  GetInstanceProfile: { InstanceProfile: { Roles: [{ RoleName: 'shop-dev-role' }] } },
  ListAttachedRolePolicies: core,
  DescribeImages: { Images: [image] },
  DescribeVpcEndpoints: endpoints(),
  DescribeRouteTables: table({ ...everywhere, GatewayId: 'igw-1' }),
}
const instance = (part: object): Answers => ({ DescribeInstances: reservations({ ...running, ...part }) })
const hidden = instance({ PublicIpAddress: undefined })
const stuck = async (more: Answers) => {
  const account = cloud({ ...well, ...more })
  const reasons = await Instance.stuck?.(aws, { id: 'i-1' })
  return { reasons, account }
}

describe('why the agent does not come online', () => {
  it('nothing is named that is in order, and reading is all that is done', async () => {
    const { reasons, account } = await stuck({})
    expect(reasons).toEqual([])
    expect(account.writes).toEqual([])
    const { iam } = Instance.facts
    expect([...iam.observe, ...iam.create]).toEqual(expect.arrayContaining([...account.actions]))
  })

  it('no way out', async () => {
    const { reasons, account } = await stuck(hidden)
    expect(reasons).toEqual([
      'it has no public address, its subnet no route through a NAT gateway, and the VPC no endpoint for ssm, ssmmessages, ec2messages',
    ])
    const { iam } = Instance.facts
    expect([...iam.observe, ...iam.create]).toEqual(expect.arrayContaining([...account.actions]))
  })

  it.each([
    ['a NAT gateway', { DescribeRouteTables: table({ ...everywhere, NatGatewayId: 'nat-1' }) }],
    ['all three endpoints', { DescribeVpcEndpoints: endpoints('ssm', 'ssmmessages', 'ec2messages') }],
    [
      'a NAT gateway of the main table, where the subnet has none of its own',
      {
        DescribeRouteTables: (input: { Filters: { Name: string }[] }) =>
          input.Filters.some((f) => f.Name === 'association.main')
            ? table({ ...everywhere, NatGatewayId: 'nat-1' })
            : { RouteTables: [] },
      },
    ],
  ])('%s is a way out', async (_, more) => {
    expect((await stuck({ ...hidden, ...more })).reasons).toEqual([])
  })

  it.each([
    ['an endpoint is missing', { DescribeVpcEndpoints: endpoints('ssm', 'ssmmessages') }, 'no endpoint for ec2messages'],
    ['the NAT gateway is gone', { DescribeRouteTables: table({ ...everywhere, State: 'blackhole', NatGatewayId: 'n' }) }, 'NAT'],
    [
      'only the VPC itself is reached',
      { DescribeRouteTables: table({ DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local' }) },
      'NAT',
    ],
  ])('it is none when %s', async (_, more, says) => {
    expect((await stuck({ ...hidden, ...more })).reasons).toEqual([expect.stringContaining(says)])
  })

  it.each([
    ['no profile', instance({ IamInstanceProfile: undefined }), 'it has no instance profile'],
    ['a profile that was deleted', { GetInstanceProfile: awsError('NoSuchEntity') }, 'shop-dev-profile was deleted'],
    ['a profile without a role', { GetInstanceProfile: { InstanceProfile: { Roles: [] } } }, 'shop-dev-profile holds no role'],
    [
      'a role without the policy',
      { ListAttachedRolePolicies: {} },
      'its role shop-dev-role lacks the policy AmazonSSMManagedInstanceCore',
    ],
    ['a role that was deleted', { ListAttachedRolePolicies: awsError('NoSuchEntity') }, 'lacks the policy'],
  ])('%s', async (_, more, says) => {
    expect((await stuck(more)).reasons).toEqual([expect.stringContaining(says)])
  })

  it.each([
    ['al2023-ami-minimal-2023.9.20261101.0-kernel-6.1-arm64', 'amazon', '137112412989'],
    ['debian-13-arm64-20261101', 'amazon', '136693071363'],
    ['my-own-image', undefined, '111122223333'],
    ['ubuntu-made-by-someone', undefined, '111122223333'],
  ])('the image %s does not bring the agent', async (Name, ImageOwnerAlias, OwnerId) => {
    const { reasons } = await stuck({ DescribeImages: { Images: [{ ImageId: 'ami-0', Name, ImageOwnerAlias, OwnerId }] } })
    expect(reasons).toEqual([expect.stringContaining(`its image ami-0 (${Name}) may not bring the agent`)])
  })

  it.each([
    ['amzn2-ami-hvm-2.0.20261101-x86_64-gp2', 'amazon', '137112412989'],
    ['ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20261101', undefined, '099720109477'],
  ])('the image %s does', async (Name, ImageOwnerAlias, OwnerId) => {
    expect((await stuck({ DescribeImages: { Images: [{ Name, ImageOwnerAlias, OwnerId }] } })).reasons).toEqual([])
  })

  it('all of them at once; an image that is not listed any more is no reason', async () => {
    const { reasons } = await stuck({
      ...instance({ PublicIpAddress: undefined, IamInstanceProfile: undefined }),
      DescribeImages: { Images: [] },
    })
    expect(reasons).toHaveLength(2)
  })

  it('what may not be looked at keeps no other reason from being told', async () => {
    const { reasons } = await stuck({
      ...hidden,
      DescribeVpcEndpoints: awsError('UnauthorizedOperation'),
      ListAttachedRolePolicies: {},
    })
    expect(reasons).toEqual([expect.stringContaining('lacks the policy')])
  })

  it('an instance that is gone has no reason', async () => {
    expect((await stuck({ DescribeInstances: { Reservations: [] } })).reasons).toEqual([])
  })
})
