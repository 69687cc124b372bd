import { AGAIN, type Rule } from './explain-rule.ts'

/** What is wrong with what was asked for: names, blocks and zones that AWS does not take, or has no room for. */
export const SHAPE_RULES: readonly Rule[] = [
  [
    /^NotAvailableInZone|^InvalidAvailabilityZone/,
    (e) => ({
      what: 'AWS does not offer this in one of the availability zones',
      why: e.message,
      next: `Name zones that have it in infra.yaml (vpc.azs: [<zone>, <zone>]), then run the same command again; for a network that is made already: infra destroy vpc first`,
    }),
  ],
  [
    /^(Unsupported|InvalidParameterValue|InvalidParameterCombination)/,
    (e) => ({
      what: 'This availability zone does not have it',
      why: e.message,
      next: `Name other zones in infra.yaml (vpc.azs: [<zone>, <zone>]), or another bastion.instanceType, ${AGAIN}`,
    }),
    /(not supported|not available) in (your requested|the specified|this) Availability Zone/i,
  ],
  [
    /^InsufficientDBInstanceCapacity/,
    (e) => ({
      what: 'AWS has no room for this database class in these zones now',
      why: e.message,
      next: `Set another rds.instanceClass or wait, ${AGAIN}`,
    }),
  ],
  [
    /^(InsufficientInstanceCapacity|Unsupported)$/,
    (e) => ({
      what: 'AWS has no room for this instance type in this zone now, or does not offer it there',
      why: e.message,
      next: `Set another bastion.instanceType or wait, ${AGAIN}`,
    }),
  ],
  [
    /^DBSubnetGroupDoesNotCoverEnoughAZs/,
    (e) => ({
      what: 'The subnets are all in one zone, and RDS needs two',
      why: e.message,
      next: `Set vpc.azCount: 2, or vpc.privateSubnetIds of two zones, in infra.yaml, ${AGAIN}`,
    }),
  ],
  [
    /^InvalidSubnet\.Conflict$/,
    (e) => ({
      what: 'The block of a subnet overlaps with another one of the VPC',
      why: e.message,
      next: `Fix vpc.publicCidrs and vpc.privateCidrs in infra.yaml, ${AGAIN}`,
    }),
  ],
  [
    /^Invalid(Vpc|Subnet)\.Range$/,
    (e) => ({
      what: 'AWS does not take this block of addresses',
      why: e.message,
      next: `Fix vpc.cidr (/16 to /28), and vpc.publicCidrs and vpc.privateCidrs within it, in infra.yaml, ${AGAIN}`,
    }),
  ],
  [
    /AlreadyExists$|^ResourceExists$|\.Duplicate$|^Duplicate(TargetGroupName|LoadBalancerName|Listener)$|^PriorityInUse$/,
    (e) => ({
      what: 'The name is taken',
      why: e.message,
      next: 'infra recover finds what this stack has made; infra adopt <key> <id> uses what is there; or set another namePrefix in infra.yaml',
    }),
  ],
  [
    /^OperationAborted/,
    (e) => ({
      what: 'AWS is still at work on the same thing',
      why: e.message,
      next: 'Run the same command again in a minute: what is done stays done',
    }),
  ],
  [
    /^NoSuchKey/,
    (e) => ({
      what: 'The object in the bucket is gone',
      why: `${e.message} Somebody or something else has removed it meanwhile`,
      next: 'infra status shows whether the state is still there; with versioning the bucket has the last one (docs/state.md, "When it is lost")',
    }),
  ],
  [
    /^NoSuchBucket/,
    (e) => ({
      what: 'The bucket of the state does not exist',
      why: e.message,
      next: 'Fix "state" in infra.yaml, or make the bucket with versioning on: aws s3 mb s3://<bucket>',
    }),
  ],
]
