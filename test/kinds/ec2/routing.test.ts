import { describe, expect, it } from 'vitest'
import { differing } from '../../../src/engine/compare.ts'
import { InternetGatewayAttachment } from '../../../src/kinds/ec2/internet-gateway.ts'
import { NatGateway } from '../../../src/kinds/ec2/nat-gateway.ts'
import { Route } from '../../../src/kinds/ec2/route.ts'
import { RouteTableAssociation } from '../../../src/kinds/ec2/route-table-association.ts'
import { fixtureOf } from '../fixtures/index.ts'
import { aws, cloud, stamp, TAG_LIST } from '../support/cloud.ts'

const tables = (route: object, association: object = {}) => ({
  DescribeRouteTables: {
    RouteTables: [{ RouteTableId: 'rtb-1', Routes: [route], Associations: [association], Tags: TAG_LIST }],
  },
})

describe('route', () => {
  const want = { tableId: 'rtb-1', destination: '0.0.0.0/0', natId: 'nat-1' }
  const to = (target: object) => tables({ DestinationCidrBlock: '0.0.0.0/0', ...target })
  const changed = async (target: object): Promise<string[]> => {
    cloud(to(target))
    const seen = await Route.observe(aws, stamp, want, { tableId: 'rtb-1', destination: '0.0.0.0/0' })
    if (seen.is === 'absent') return expect.fail('the route is there')
    return differing(seen.props, want)
  }

  it('through the wanted NAT gateway is as wanted', async () => {
    expect(await changed({ NatGatewayId: 'nat-1', State: 'active' })).toEqual([])
  })

  it('whose target is gone (blackhole) is put right, even when it names the wanted target', async () => {
    expect(await changed({ NatGatewayId: 'nat-1', State: 'blackhole' })).toEqual(['natId'])
    expect(await changed({ NatGatewayId: 'nat-0', State: 'blackhole' })).toEqual(['natId'])
  })

  it('that somebody bent to another sort of target is put right with one ReplaceRoute', async () => {
    expect(await changed({ GatewayId: 'igw-1', State: 'active' })).toEqual(['natId'])
    const account = cloud({ ReplaceRoute: {} })
    await Route.update?.(aws, { tableId: 'rtb-1', destination: '0.0.0.0/0' }, want, ['natId'])
    expect(account.sent).toEqual([
      ['ReplaceRoute', { RouteTableId: 'rtb-1', DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: 'nat-1' }],
    ])
  })

  it('of a table that was made by hand after the recorded one was lost, is absent there', async () => {
    cloud({ DescribeRouteTables: { RouteTables: [] } })
    expect((await Route.observe(aws, stamp, want, { tableId: 'rtb-0', destination: '0.0.0.0/0' })).is).toBe('absent')
  })
})

describe('route table association', () => {
  const seen = async (state: string | undefined) => {
    cloud(
      tables(
        {},
        {
          RouteTableAssociationId: 'rtbassoc-1',
          RouteTableId: 'rtb-1',
          SubnetId: 'subnet-1',
          ...(state ? { AssociationState: { State: state } } : {}),
        },
      ),
    )
    return (await RouteTableAssociation.observe(aws, stamp, { subnetId: 'subnet-1', tableId: 'rtb-1' })).is
  }
  it.each([
    ['associated', 'ready'],
    [undefined, 'ready'],
    ['associating', 'pending'],
    ['disassociating', 'deleting'],
    ['disassociated', 'absent'],
  ])('in state %s is %s', async (state, is) => {
    expect(await seen(state)).toBe(is)
  })

  it('gets a new id when it is replaced: the engine has to look again', async () => {
    const fixture = fixtureOf('ec2.route-table-association')
    cloud(fixture.writes)
    const attrs = { id: 'rtbassoc-1', subnetId: 'subnet-1' }
    const want = { subnetId: 'subnet-1', tableId: 'rtb-2' }
    expect(await RouteTableAssociation.update?.(aws, attrs, want, ['tableId'])).toBe('pending')
    cloud(tables({}, { RouteTableAssociationId: 'rtbassoc-2', RouteTableId: 'rtb-2', SubnetId: 'subnet-1' }))
    const after = await RouteTableAssociation.observe(aws, stamp, want, attrs)
    expect(after).toMatchObject({ is: 'ready', attrs: { id: 'rtbassoc-2' }, props: { tableId: 'rtb-2' } })
  })
})

describe('internet gateway attachment', () => {
  const want = { gatewayId: 'igw-1', vpcId: 'vpc-1' }
  it.each([
    ['available', 'ready'],
    ['attached', 'ready'],
    ['attaching', 'pending'],
    ['detaching', 'deleting'],
    ['detached', 'absent'],
  ])('in state %s is %s', async (State, is) => {
    cloud({
      DescribeInternetGateways: {
        InternetGateways: [{ InternetGatewayId: 'igw-1', Attachments: [{ VpcId: 'vpc-1', State }], Tags: TAG_LIST }],
      },
    })
    expect((await InternetGatewayAttachment.observe(aws, stamp, want)).is).toBe(is)
  })

  it('to another VPC is a difference', async () => {
    cloud({
      DescribeInternetGateways: {
        InternetGateways: [{ InternetGatewayId: 'igw-1', Attachments: [{ VpcId: 'vpc-2', State: 'available' }], Tags: TAG_LIST }],
      },
    })
    const seen = await InternetGatewayAttachment.observe(aws, stamp, want)
    expect(seen.is !== 'absent' && differing(seen.props, want)).toEqual(['vpcId'])
  })
})

describe('NAT gateway', () => {
  const want = { subnetId: 'subnet-1', allocationId: 'eipalloc-1' }
  const lookFor = (last: { id: string } | undefined, ...states: object[]) => {
    cloud({ DescribeNatGateways: { NatGateways: states.map((s) => ({ NatGatewayId: 'nat-1', Tags: TAG_LIST, ...s })) } })
    return NatGateway.observe(aws, stamp, want, last)
  }
  const look = (...states: object[]) => lookFor({ id: 'nat-1' }, ...states)
  it.each([
    ['pending', 'pending'],
    ['available', 'ready'],
    ['failed', 'failed'],
    ['deleting', 'deleting'],
    ['deleted', 'absent'],
  ])('in state %s is %s', async (State, is) => {
    expect((await look({ State })).is).toBe(is)
  })

  it('says why it failed, in the words of AWS', async () => {
    const seen = await look({
      State: 'failed',
      FailureCode: 'Gateway.NotAttached',
      FailureMessage: 'Network has no Internet gateway',
    })
    expect(seen.note).toBe('Gateway.NotAttached: Network has no Internet gateway')
  })

  it('that was deleted stays listed for an hour and is passed over for the new one', async () => {
    const two = [{ State: 'deleted' }, { NatGatewayId: 'nat-2', State: 'available' }]
    expect(await lookFor(undefined, ...two)).toMatchObject({ is: 'ready', attrs: { id: 'nat-2' } })
    // Nobody recorded the other one: perhaps its tags were copied.
    expect(await lookFor({ id: 'nat-1' }, ...two)).toEqual({ is: 'absent', rivals: ['nat-2'] })
  })
})
