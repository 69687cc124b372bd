import * as z from 'zod'
import { STEPS } from './names.ts'
import { cidr, dailyWindow, email, flag, int, oneOf, text, version, weeklyWindow } from './rules.ts'
import { checkTogether } from './together.ts'

// One file is checked once: compiling checkers at run time would cost more than it saves.
z.config({ jitless: true })

const identifier = text(
  /^[a-zA-Z](?!.*--)[a-zA-Z0-9-]{0,62}(?<!-)$/,
  'it must have 1 to 63 letters, digits and single hyphens, begin with a letter and not end with a hyphen, for example shop-db',
)
const dashboardName = text(/^[A-Za-z0-9_-]{1,255}$/, 'it must have 1 to 255 letters, digits, _ and -, for example Shop-RDS')
const roleName = text(/^[\w+=,.@-]{1,64}$/, 'it must have 1 to 64 letters, digits and +=,.@_-, for example rds-monitoring-role')
const subnetCidr = cidr(
  16,
  28,
  'a subnet must be an IPv4 block from /16 to /28 with no bits set behind the prefix, for example 10.0.1.0/24',
)
const secretName = text(
  /^(?!.*-[A-Za-z0-9]{6}$)[A-Za-z0-9/_+=.@-]{1,512}$/,
  'it must have 1 to 512 of A-Z a-z 0-9 / _ + = . @ - and must not end in a hyphen and six characters (AWS adds such an end itself), for example rds/shop/master',
)
const days = int(7, 30, 'AWS keeps a deleted secret 7 to 30 days (0 deletes it at once), for example 30').or(
  z.literal(0, { error: 'AWS keeps a deleted secret 7 to 30 days (0 deletes it at once), for example 30' }),
)
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

const vpc = z.strictObject({
  cidr: cidr(
    16,
    28,
    'a VPC must be an IPv4 block from /16 to /28 with no bits set behind the prefix, for example 10.0.0.0/16',
  ).default('10.0.0.0/16'),
  azCount: int(2, 6, 'a stack uses 2 to 6 availability zones, for example 2').default(2),
  azs: z
    .array(text(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'it must be the name of an availability zone, for example us-east-1a'))
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

const window = (read: (v: string) => readonly [number, number] | undefined, rule: string) =>
  z.string({ error: rule }).refine((v) => {
    const found = read(v)
    return found !== undefined && found[1] >= 30 && found[1] < 1440
  }, rule)

const rds = z.strictObject({
  engine: oneOf(['postgres', 'mysql']).default('postgres'),
  version: version('it must be a version or the begin of one, for example "16" or "16.4"').optional(),
  identifier: identifier.optional(),
  instanceClass: text(/^db\.[a-z0-9-]+\.[a-z0-9]+$/, 'it must be an RDS instance class, for example db.t4g.micro').default(
    'db.t4g.micro',
  ),
  allocatedGb: int(20, 65536, 'RDS takes 20 to 65536 GiB, for example 20').default(20),
  maxAllocatedGb: int(20, 65536, 'RDS takes 20 to 65536 GiB, for example 100').default(100),
  storageType: oneOf(['gp3', 'gp2', 'io1', 'io2']).default('gp3'),
  storageEncrypted: flag('rds.storageEncrypted').default(true),
  kmsKey: z.string().optional(),
  databaseName: text(
    /^[A-Za-z][A-Za-z0-9_]{0,62}$/,
    'it must have 1 to 63 letters, digits and _, beginning with a letter, for example shop',
  ).optional(),
  masterUsername: text(
    /^[A-Za-z][A-Za-z0-9_]{0,15}$/,
    'it must have 1 to 16 letters, digits and _, beginning with a letter, for example postgres',
  ).optional(),
  port: int(1150, 65535, 'it must be 1150 to 65535, for example 5432').optional(),
  multiAz: flag('rds.multiAz').default(false),
  backupRetentionDays: int(0, 35, 'RDS keeps backups 0 to 35 days (0 switches them off), for example 7').default(7),
  backupWindow: window(dailyWindow, 'it must be HH:MM-HH:MM in UTC and at least 30 minutes, for example 03:00-04:00').default(
    '03:00-04:00',
  ),
  maintenanceWindow: window(
    weeklyWindow,
    'it must be ddd:HH:MM-ddd:HH:MM in UTC, at least 30 minutes and under a day, for example sun:04:00-sun:05:00',
  ).default('sun:04:00-sun:05:00'),
  deletionProtection: flag('rds.deletionProtection').optional(),
  monitoringInterval: z
    .union([0, 1, 5, 10, 15, 30, 60].map((n) => z.literal(n)) as [z.ZodLiteral<number>, ...z.ZodLiteral<number>[]], {
      error: 'it must be 0 (off), 1, 5, 10, 15, 30 or 60 seconds, for example 60',
    })
    .default(60),
  monitoringRoleName: roleName.optional(),
  performanceInsights: flag('rds.performanceInsights').default(true),
  performanceInsightsRetentionDays: z
    .number({ error: 'it must be 7, 731 or 31 times 1 to 23, for example 7' })
    .refine(
      (n) => n === 7 || n === 731 || (n % 31 === 0 && n >= 31 && n <= 713),
      'it must be 7, 731 or 31 times 1 to 23, for example 7',
    )
    .default(7),
  logExports: z.array(z.string()).optional(),
  parameters: z
    .record(
      z.string(),
      z.preprocess(
        (v) => (typeof v === 'number' ? String(v) : v),
        z.string({ error: 'a parameter is a text or a number, for example "1"' }),
      ),
    )
    .default({}),
  autoMinorVersionUpgrade: flag('rds.autoMinorVersionUpgrade').default(true),
  applyImmediately: flag('rds.applyImmediately').default(false),
})

const alarm = (threshold: number, evaluationPeriods: number) =>
  z
    .strictObject({
      threshold: z
        .number({ error: 'it must be a number in the unit of the metric, for example 70' })
        .min(0, { error: 'it must not be negative, for example 70' })
        .default(threshold),
      periodSeconds: z
        .number({ error: 'it must be 10, 20, 30 or a multiple of 60 seconds, for example 300' })
        .refine(
          (n) => [10, 20, 30].includes(n) || (n >= 60 && n % 60 === 0),
          'it must be 10, 20, 30 or a multiple of 60 seconds, for example 300',
        )
        .default(300),
      evaluationPeriods: int(1, 8640, 'it must be a whole number from 1, for example 2').default(evaluationPeriods),
    })
    .prefault({})

const monitoring = z.strictObject({
  email: email.optional(),
  emails: z.array(email).optional(),
  alarms: z
    .strictObject({
      cpu: alarm(70, 2),
      connections: alarm(80, 2),
      storage: alarm(2 * 1024 ** 3, 1),
      memory: alarm(500 * 1024 ** 2, 2),
    })
    .prefault({}),
  dashboard: z.strictObject({ name: dashboardName.optional() }).prefault({}),
})

const databases = z.strictObject({
  appUser: text(
    /^[a-z_][a-z0-9_]{0,31}$/,
    'it must have 1 to 32 lower-case letters, digits and _, for example shop_app',
  ).optional(),
})

/** infra.yaml after the preset and the environment's overlay were merged into it. */
export const configSchema = z
  .strictObject({
    preset: oneOf(['startupwebapp']).optional(),
    project: text(
      /^[a-z](?!.*--)[a-z0-9-]{0,18}[a-z0-9]$/,
      'it must have 2 to 20 lower-case letters, digits and single hyphens, begin with a letter and not end with a hyphen, for example shop',
    ),
    environment: text(
      /^[a-z][a-z0-9-]{0,11}$/,
      'it must have 1 to 12 lower-case letters, digits and hyphens and begin with a letter, for example production',
    ),
    region: text(/^[a-z]{2}(-[a-z]+)+-\d$/, 'it must be the name of an AWS region, for example us-east-1'),
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
          /^(?!aws:)(?!infra:)[\w\s+=._:/@-]{1,128}$/i,
          'a tag key has 1 to 128 letters, digits, spaces and _+=.:/@- and does not begin with aws: or infra:, for example Team',
        ),
        text(/^[\w\s+=._:/@-]{0,256}$/, 'a tag value has at most 256 letters, digits, spaces and _+=.:/@-, for example payments'),
      )
      .refine(
        (t) => Object.keys(t).length <= 40,
        'AWS takes 50 tags on a resource and infra needs some, so at most 40, for example { Team: payments }',
      )
      .default({}),
    steps: z.array(oneOf(STEPS)).optional(),
    vpc: vpc.prefault({}),
    securityGroups: securityGroups.prefault({}),
    secrets: secrets.prefault({}),
    rds: rds.prefault({}),
    databases: databases.prefault({}),
    monitoring: monitoring.prefault({}),
  })
  .superRefine(checkTogether)

export type ConfigFile = z.infer<typeof configSchema>
export type SecretConfig = z.infer<typeof secret>
