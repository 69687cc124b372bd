import type { Aws } from '../../aws/clients.ts'
import type { Blocker } from '../../engine/kind.ts'
import { filter } from './common.ts'
import { GUARDDUTY, holdersIn, isGuardDutys, regionFlag } from './interfaces.ts'

/** What is still in a VPC, each with the command that removes it: nothing of that goes by itself, but for network interfaces. */
export const leftInVpc = async (aws: Aws, id: string): Promise<Blocker[]> => {
  const Filters = [filter('vpc-id', id)]
  const [holders, groups, subnets, tables, gateways, endpoints] = await Promise.all([
    holdersIn(aws, 'vpc-id', id),
    aws.ec2('DescribeSecurityGroups', { Filters }),
    aws.ec2('DescribeSubnets', { Filters }),
    aws.ec2('DescribeRouteTables', { Filters }),
    aws.ec2('DescribeInternetGateways', { Filters: [filter('attachment.vpc-id', id)] }),
    aws.ec2('DescribeVpcEndpoints', { Filters }),
  ])
  const region = regionFlag(groups.SecurityGroups?.[0]?.SecurityGroupArn?.split(':')[3])
  // Its own group and table go with it.
  const others = (groups.SecurityGroups ?? []).filter((g) => g.GroupName !== 'default')
  const own = (tables.RouteTables ?? []).filter((t) => !t.Associations?.some((a) => a.Main))
  const withoutInterfaces = (endpoints.VpcEndpoints ?? []).filter(
    (e) => (e.NetworkInterfaceIds ?? []).length === 0 && !/^delet/i.test(e.State ?? ''),
  )
  return [
    ...holders,
    ...others.map((g) => ({
      what: `the security group ${g.GroupId} (${g.GroupName}${isGuardDutys(g.Tags, g.GroupName) ? `, ${GUARDDUTY}` : ''})`,
      remedy: `aws ec2 delete-security-group --group-id ${g.GroupId}${region}`,
    })),
    ...(subnets.Subnets ?? []).map((s) => ({
      what: `the subnet ${s.SubnetId}`,
      remedy: `aws ec2 delete-subnet --subnet-id ${s.SubnetId}${region}`,
    })),
    ...own.map(({ RouteTableId }) => ({
      what: `the route table ${RouteTableId}`,
      remedy: `aws ec2 delete-route-table --route-table-id ${RouteTableId}${region}`,
    })),
    ...(gateways.InternetGateways ?? []).map(({ InternetGatewayId }) => ({
      what: `the internet gateway ${InternetGatewayId}`,
      remedy: `aws ec2 detach-internet-gateway --internet-gateway-id ${InternetGatewayId} --vpc-id ${id}${region}`,
    })),
    ...withoutInterfaces.map(({ VpcEndpointId }) => ({
      what: `the VPC endpoint ${VpcEndpointId}`,
      remedy: `aws ec2 delete-vpc-endpoints --vpc-endpoint-ids ${VpcEndpointId}${region}`,
    })),
  ]
}
