type Thing = Readonly<Record<string, unknown>>

/** A call that names one thing or several, taken apart. */
export interface Asked {
  readonly names: readonly string[]
  /** The same call for other things. */
  readonly with: (names: string[]) => object
  /** Calls that are alike in this can go together. */
  readonly like: unknown
}

/** How one operation takes several things at once. */
export interface Batch {
  /** The most that AWS takes in one call. */
  readonly max: number
  /** Undefined: the call is of another form and goes as it is. */
  readonly of: (input: Thing) => Asked | undefined
  /** The part of an answer that is about these. */
  readonly about: (answer: Thing, names: readonly string[]) => object
  /** One name that AWS does not know fails the whole call, so each is asked alone then. */
  readonly failsWhole?: boolean
}

const things = (answer: Thing, list: string): Thing[] => (Array.isArray(answer[list]) ? (answer[list] as Thing[]) : [])

/** The names stand in a list of the input: `services`. */
const listed = (field: string): Batch['of'] => {
  return (input) => {
    const { [field]: names, ...like } = input
    if (!Array.isArray(names) || names.length === 0) return undefined
    return { names: names as string[], with: (all) => ({ ...like, [field]: all }), like }
  }
}

const inList = (list: string, fields: readonly string[]): Batch['about'] => {
  return (answer, names) => ({
    ...answer,
    [list]: things(answer, list).filter((thing) => fields.some((f) => names.includes(String(thing[f])))),
  })
}

/** What AWS says it could not do, by ARN. */
const withFailures = (about: Batch['about']): Batch['about'] => {
  return (answer, names) => ({
    ...about(answer, names),
    failures: things(answer, 'failures').filter(({ arn }) => names.some((n) => arn === n || String(arn).endsWith(`/${n}`))),
  })
}

/** Of each filter that names ids: the ids of a thing that it looks at. */
type Ids = Readonly<Record<string, (thing: Thing) => unknown[]>>

/** One filter by id. EC2 takes 200 values in it: docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html */
const byFilter = (list: string, ids: Ids, field = 'Filters'): Batch => ({
  max: 200,
  of: (input) => {
    const [only, ...more] = (input[field] ?? []) as { Name: string; Values: string[] }[]
    if (!only || more.length > 0 || Object.keys(input).length > 1 || !(only.Name in ids)) return undefined
    return { names: only.Values, with: (Values) => ({ [field]: [{ Name: only.Name, Values }] }), like: only.Name }
  },
  about: (answer, names) => ({
    ...answer,
    [list]: things(answer, list).filter((thing) =>
      Object.values(ids).some((of) => of(thing).some((id) => names.includes(String(id)))),
    ),
  }),
})

const own =
  (field: string) =>
  (thing: Thing): unknown[] => [thing[field]]
const subnetsOf = (table: Thing): unknown[] => things(table, 'Associations').map((a) => a.SubnetId)

/**
 * What AWS takes for several things in one call. docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html,
 * .../API_DeleteTaskDefinitions.html, docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html,
 * docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html
 */
export const BATCHES: Readonly<Record<string, Batch>> = {
  'ecs.DescribeServices': {
    max: 10,
    of: listed('services'),
    about: withFailures(inList('services', ['serviceName', 'serviceArn'])),
  },
  'ecs.DeleteTaskDefinitions': {
    max: 10,
    of: listed('taskDefinitions'),
    about: withFailures((answer) => answer),
  },
  'elb.DescribeTags': {
    max: 20,
    of: listed('ResourceArns'),
    about: inList('TagDescriptions', ['ResourceArn']),
    failsWhole: true,
  },
  'cloudWatch.DeleteAlarms': { max: 100, of: listed('AlarmNames'), about: (answer) => answer, failsWhole: true },
  'ec2.DescribeVpcs': byFilter('Vpcs', { 'vpc-id': own('VpcId') }),
  'ec2.DescribeSubnets': byFilter('Subnets', { 'subnet-id': own('SubnetId') }),
  'ec2.DescribeRouteTables': byFilter('RouteTables', {
    'route-table-id': own('RouteTableId'),
    'association.subnet-id': subnetsOf,
  }),
  'ec2.DescribeSecurityGroups': byFilter('SecurityGroups', { 'group-id': own('GroupId') }),
  'ec2.DescribeSecurityGroupRules': byFilter('SecurityGroupRules', { 'group-id': own('GroupId') }),
  'ec2.DescribeInternetGateways': byFilter('InternetGateways', { 'internet-gateway-id': own('InternetGatewayId') }),
  'ec2.DescribeNatGateways': byFilter('NatGateways', { 'nat-gateway-id': own('NatGatewayId') }, 'Filter'),
  'ec2.DescribeAddresses': byFilter('Addresses', { 'allocation-id': own('AllocationId') }),
}
