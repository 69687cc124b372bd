import * as z from 'zod'
import { dailyWindow, flag, int, oneOf, text, version, weeklyWindow } from './rules.ts'

const identifier = text(
  /^[a-zA-Z](?!.*--)[a-zA-Z0-9-]{0,62}(?<!-)$/,
  'it must have 1 to 63 letters, digits and single hyphens, begin with a letter and not end with a hyphen, for example shop-db',
)
const roleName = text(/^[\w+=,.@-]{1,64}$/, 'it must have 1 to 64 letters, digits and +=,.@_-, for example rds-monitoring-role')

const window = (read: (v: string) => readonly [number, number] | undefined, rule: string) =>
  z.string({ error: rule }).refine((v) => {
    const found = read(v)
    return found !== undefined && found[1] >= 30 && found[1] < 1440
  }, rule)

/** `rds`: the database server. */
export const rds = z.strictObject({
  engine: oneOf(['postgres', 'mysql']).default('postgres'),
  version: version('it must be a version or the begin of one, for example "16" or "16.4"').optional(),
  identifier: identifier.optional(),
  instanceClass: text(/^db\.[a-z0-9-]+\.[a-z0-9]+$/, 'it must be an RDS instance class, for example db.t4g.micro').default(
    'db.t4g.micro',
  ),
  allocatedGb: int(20, 65536, 'RDS takes 20 to 65536 GiB, for example 20').default(20),
  maxAllocatedGb: int(20, 65536, 'RDS takes 20 to 65536 GiB, for example 100').default(100),
  storageType: oneOf(['gp3', 'gp2', 'io1', 'io2']).default('gp3'),
  iops: int(1000, 256_000, 'RDS takes 1000 to 256000 provisioned IOPS, for example 3000').optional(),
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
  performanceInsights: flag('rds.performanceInsights').optional(),
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
  extendedSupport: flag('rds.extendedSupport').default(false),
  autoMinorVersionUpgrade: flag('rds.autoMinorVersionUpgrade').default(true),
  applyImmediately: flag('rds.applyImmediately').default(false),
})

const DATABASE = 'it must have 1 to 63 lower-case letters, digits and _, beginning with a letter or _, for example shop'

/** `databases`: what lives in it, and how one gets in. */
export const databases = z.strictObject({
  via: oneOf(['auto', 'direct', 'ssm', 'task', 'print']).optional(),
  names: z
    .array(text(/^[a-z_][a-z0-9_]{0,62}$/, DATABASE), { error: 'it must be a list of names, for example [shop]' })
    .optional(),
  roles: oneOf(['shared', 'perDatabase']).default('shared'),
  appUser: text(
    /^[a-z_][a-z0-9_]{0,31}$/,
    'it must have 1 to 32 lower-case letters, digits and _, for example shop_app',
  ).optional(),
  encoding: text(/^[A-Za-z0-9_]{1,32}$/, 'it must be an encoding of the engine, for example UTF8').optional(),
  collation: text(
    /^[A-Za-z0-9_.@-]{1,63}$/,
    "it must be a collation that the server knows, for example en_US.UTF-8; leave it out for the server's own",
  ).optional(),
  target: text(
    /^(i-[0-9a-f]{8,17}|ecs:[\w-]{1,255}(\/[\w-]{1,255})?)$/,
    'it must be the id of an instance, or ecs: and a cluster with a service, for example i-0123456789abcdef0 or ecs:shop/web',
  ).optional(),
  caFile: z.string().optional(),
})
