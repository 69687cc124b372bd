import * as z from 'zod'
import { STEPS } from './names.ts'
import { cidr, email, flag, int, oneOf, SECRET_NAME, SECRET_NAME_RULE, text } from './rules.ts'
import { ecs, loadBalancer, registry } from './schema-ecs.ts'
import { databases, rds } from './schema-rds.ts'

// One file is checked once: compiling checkers at run time would cost more than it saves.
z.config({ jitless: true })

const dashboardName = text(/^[A-Za-z0-9_-]{1,255}$/, 'it must have 1 to 255 letters, digits, _ and -, for example Shop-RDS')
const subnetCidr = cidr(
  16,
  28,
  'a subnet must be an IPv4 block from /16 to /28 with no bits set behind the prefix, for example 10.0.1.0/24',
)
const secretName = text(SECRET_NAME, `${SECRET_NAME_RULE}, for example rds/shop/master`)
const DAYS = 'AWS keeps a deleted secret 7 to 30 days (0 deletes it at once), for example 30'
const days = z.union([z.literal(0), int(7, 30, DAYS)], { error: DAYS })
const length = int(8, 128, 'a generated value has 8 to 128 characters, for example { generate: 32 }')

/** Where the first value of a secret's key comes from. Real secrets do not belong in this file. */
const keySource = z.union(
  [
    z.strictObject({ generate: length, exclude: z.string().optional() }),
    z.strictObject({ placeholder: z.string() }),
    z.strictObject({ value: z.union([z.string(), z.number()]) }),
  ],
  { error: 'a key of a secret is { generate: length }, { placeholder: text } or { value: text }, for example { generate: 32 }' },
)
const secret = z.strictObject({
  name: secretName.optional(),
  description: z.string().max(2048).optional(),
  keys: z
    .record(text(/^[\w.-]{1,128}$/, 'a key has 1 to 128 letters, digits, _ . -, for example api_key'), keySource)
    .default({}),
})

const subnetIds = z.array(text(/^subnet-[0-9a-f]{8,17}$/, 'it must be the id of a subnet, for example subnet-0123456789abcdef0'))
const vpc = z.strictObject({
  mode: oneOf(['new', 'default', 'existing']).default('new'),
  id: text(/^vpc-[0-9a-f]{8,17}$/, 'it must be the id of a VPC, for example vpc-0123456789abcdef0').optional(),
  publicSubnetIds: subnetIds.optional(),
  privateSubnetIds: subnetIds.optional(),
  cidr: cidr(
    16,
    28,
    'a VPC must be an IPv4 block from /16 to /28 with no bits set behind the prefix, for example 10.0.0.0/16',
  ).default('10.0.0.0/16'),
  azCount: int(2, 6, 'a stack uses 2 to 6 availability zones, for example 2').default(2),
  azs: z
    .array(text(/^[a-z]{2,4}(-[a-z]+)+-\d[a-z]$/, 'it must be the name of an availability zone, for example us-east-1a'))
    .optional(),
  publicCidrs: z.array(subnetCidr).optional(),
  privateCidrs: z.array(subnetCidr).optional(),
  nat: oneOf(['none', 'single', 'perAz']).optional(),
  mapPublicIpOnLaunch: flag('vpc.mapPublicIpOnLaunch').default(false),
})

const CIDR_OR_WORD = 'it must be auto (your address now), none (no SSH), or an IPv4 block, for example 203.0.113.7/32'
const securityGroups = z.strictObject({
  bastionCidr: z.union([z.enum(['auto', 'none']), cidr(0, 32, CIDR_OR_WORD)], { error: CIDR_OR_WORD }).default('none'),
  allowOpenSsh: flag('securityGroups.allowOpenSsh').default(false),
})

const secrets = z
  .object({
    namePattern: z
      .string({ error: 'it must be a text with {project}, {env}, {name}, for example {project}/{env}/{name}' })
      .includes('{name}', {
        error: 'it must contain {name}, or two secrets would share one name, for example {project}/{env}/{name}',
      })
      .default('{project}/{env}/{name}'),
    recoveryWindowDays: days.default(30),
    kmsKey: z.string().optional(),
    database: secret.default({ keys: {} }),
  })
  .catchall(secret)

const bastion = z.strictObject({
  instanceType: text(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'it must be an EC2 instance type, for example t4g.micro').optional(),
})

const threshold = z
  .number({ error: 'it must be a number in the unit of the metric, for example 70' })
  .min(0, { error: 'it must not be negative, for example 70' })
const PERIOD = 'it must be 10, 20, 30 or a multiple of 60 seconds, for example 300'
const periods = (evaluationPeriods: number) => ({
  periodSeconds: z
    .number({ error: PERIOD })
    .refine((n) => [10, 20, 30].includes(n) || (n >= 60 && n % 60 === 0), PERIOD)
    .default(300),
  evaluationPeriods: int(1, 8640, 'it must be a whole number from 1, for example 2').default(evaluationPeriods),
})
const alarm = (usual: number, evaluationPeriods: number) =>
  z.strictObject({ threshold: threshold.default(usual), ...periods(evaluationPeriods) }).prefault({})

const monitoring = z.strictObject({
  email: email.optional(),
  emails: z.array(email).optional(),
  alarms: z
    .strictObject({
      cpu: alarm(70, 2),
      connections: alarm(80, 2),
      storage: alarm(2 * 1024 ** 3, 1),
      // By default from the memory of rds.instanceClass.
      memory: z.strictObject({ threshold: threshold.optional(), ...periods(2) }).prefault({}),
    })
    .prefault({}),
  dashboard: z.strictObject({ name: dashboardName.optional() }).prefault({}),
})

/** For `infra env`: the same texts as in a container's environment, and `secret:key` for a secret. */
const envMap = z.record(
  text(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, 'a variable has letters, digits and _, for example DATABASE_URL'),
  z.string({
    error:
      'it must be a text, with outputs as ${rds.endpoint} and secrets as ${secret:database:password}, for example ${rds.endpoint}',
  }),
)

/** infra.yaml after the preset and the environment's overlay were merged into it. */
export const configSchema = z.strictObject({
  preset: oneOf(['startupwebapp']).optional(),
  project: text(
    /^[a-z](?!.*--)[a-z0-9-]{0,18}[a-z0-9]$/,
    'it must have 2 to 20 lower-case letters, digits and single hyphens, begin with a letter and not end with a hyphen, for example shop',
  ),
  environment: text(
    /^[a-z](?!.*--)[a-z0-9-]{0,11}(?<!-)$/,
    'it must have 1 to 12 lower-case letters, digits and single hyphens, begin with a letter and not end with a hyphen, for example production',
  ),
  region: text(/^[a-z]{2,4}(-[a-z]+)+-\d$/, 'it must be the name of an AWS region, for example us-east-1'),
  profile: z.string().optional(),
  namePrefix: text(
    /^[a-z](?!.*--)[a-z0-9-]{0,31}[a-z0-9]$/,
    'it must have 2 to 33 lower-case letters, digits and single hyphens, begin with a letter and not end with a hyphen, for example shop-staging',
  ).optional(),
  application: text(
    /^[\w\s+=._:/@-]{1,128}$/,
    'it goes into a tag: 1 to 128 letters, digits, spaces and _+=.:/@-, for example Shop',
  ).optional(),
  tags: z
    .record(
      text(
        /^(?!aws:)(?!infra:)(?!Name$)[\w\s+=._:/@-]{1,128}$/i,
        'a tag key has 1 to 128 letters, digits, spaces and _+=.:/@- and does not begin with aws: or infra:, and Name is set by infra, for example Team',
      ),
      text(/^[\w\s+=._:/@-]{0,256}$/, 'a tag value has at most 256 letters, digits, spaces and _+=.:/@-, for example payments'),
    )
    .refine(
      (t) => Object.keys(t).length <= 40,
      'AWS takes 50 tags on a resource and infra needs some, so at most 40, for example { Team: payments }',
    )
    .default({}),
  steps: z.array(oneOf(STEPS)).min(1, { error: 'it must name at least one step, for example [vpc]' }).optional(),
  vpc: vpc.prefault({}),
  securityGroups: securityGroups.prefault({}),
  secrets: secrets.prefault({}),
  rds: rds.prefault({}),
  bastion: bastion.prefault({}),
  databases: databases.prefault({}),
  registry: registry.prefault({}),
  loadBalancer: loadBalancer.prefault({}),
  ecs: ecs.prefault({}),
  /** Names that `infra env` prints, and what stands behind them. */
  env: envMap.default({}),
  monitoring: monitoring.prefault({}),
  drift: z
    .strictObject({
      ignore: z
        .array(
          text(
            /^(\*|[a-z0-9-]+)(\.[A-Za-z*]+)?$/,
            'it must be a resource, a resource and a property, or * and a property, for example db-instance.instanceClass',
          ),
        )
        .default([]),
    })
    .prefault({}),
  state: text(
    /^(local|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[\w!.*'()/-]*)?)$/,
    'it must be local, or a bucket and a prefix, for example s3://my-team-state/infra',
  ).default('local'),
  bucketOwner: text(/^\d{12}$/, 'it must be the number of an account, in quotes, for example "123456789012"').optional(),
})

export type ConfigFile = z.infer<typeof configSchema>
export type SecretConfig = z.infer<typeof secret>
