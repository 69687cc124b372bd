import type * as zod from 'zod'
import type { Kit } from '../kit.ts'
import type { No } from '../rule.ts'
import { given, type Own, of, section } from '../section.ts'
import { dailyWindow, weeklyWindow, windowsOverlap } from '../windows.ts'

const schema = ({ z, flag, int, oneOf, text, version }: Kit) => {
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

  return z
    .strictObject({
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
        .union([0, 1, 5, 10, 15, 30, 60].map((n) => z.literal(n)) as [zod.ZodLiteral<number>, ...zod.ZodLiteral<number>[]], {
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
    .prefault({})
}
export type Rds = Own<typeof schema>

/** AWS has no Performance Insights for MySQL on its smallest classes. */
const withoutInsights = (rds: Pick<Rds, 'engine' | 'instanceClass'>): boolean =>
  rds.engine === 'mysql' && /\.(micro|small)$/.test(rds.instanceClass)

export const masterOf = ({ engine, masterUsername }: Pick<Rds, 'engine' | 'masterUsername'>): string =>
  masterUsername ?? (engine === 'postgres' ? 'postgres' : 'admin')

const defaults = (rds: Rds, { namePrefix, environment }: { readonly namePrefix: string; readonly environment: string }) => {
  const postgres = rds.engine === 'postgres'
  return {
    ...rds,
    version: rds.version ?? (postgres ? '16' : '8.4'),
    identifier: (rds.identifier ?? `${namePrefix}-db`).toLowerCase(),
    masterUsername: masterOf(rds),
    port: rds.port ?? (postgres ? 5432 : 3306),
    deletionProtection: rds.deletionProtection ?? !/^(dev|test|sandbox)/.test(environment),
    performanceInsights: rds.performanceInsights ?? !withoutInsights(rds),
    // AWS answers in lower case: written otherwise, each run would see a change.
    maintenanceWindow: rds.maintenanceWindow.toLowerCase(),
    logExports: rds.logExports ?? (postgres ? ['postgresql'] : ['error']),
    monitoringRoleName: rds.monitoringRoleName ?? `${namePrefix}-rds-monitoring`,
  }
}

export const RESERVED_USERS: Record<string, RegExp> = {
  postgres: /^(admin|rdsadmin|rds_.*|pg_.*)$/i,
  mysql: /^(rdsadmin|mysql\.sys|root)$/i,
}
export const RESERVED_DATABASES = /^(postgres|template0|template1|rdsadmin|mysql|sys|information_schema|performance_schema)$/i

const server = (rds: Rds, _: unknown, no: No): void => {
  if (rds.maxAllocatedGb !== rds.allocatedGb && rds.maxAllocatedGb < rds.allocatedGb * 1.1)
    no(
      ['rds', 'maxAllocatedGb'],
      rds.maxAllocatedGb,
      `storage autoscaling needs at least 10 % above rds.allocatedGb (${rds.allocatedGb}), or the same number to switch it off, for example ${Math.ceil(rds.allocatedGb * 1.26)}`,
    )
  const provisioned = rds.storageType === 'io1' || rds.storageType === 'io2'
  if (provisioned && rds.iops === undefined)
    no(
      ['rds', 'iops'],
      undefined,
      `rds.storageType ${rds.storageType} needs the number of IOPS that you pay for, for example 3000`,
    )
  // docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html: AllocatedStorage, Iops
  if (provisioned && rds.allocatedGb < 100)
    no(
      ['rds', 'allocatedGb'],
      rds.allocatedGb,
      `rds.storageType ${rds.storageType} takes 100 to 65536 GiB, for example 100; gp3 takes 20 and more`,
    )
  const [least, most] = [Math.ceil(rds.allocatedGb / 2), rds.allocatedGb * 50]
  if (provisioned && rds.allocatedGb >= 100 && rds.iops !== undefined && (rds.iops < least || rds.iops > most))
    no(
      ['rds', 'iops'],
      rds.iops,
      `RDS takes 0.5 to 50 IOPS for each GiB, so ${Math.max(least, 1000)} to ${most} with rds.allocatedGb ${rds.allocatedGb}, for example ${Math.min(3000, most)}`,
    )
  if (!provisioned && rds.iops !== undefined)
    no(
      ['rds', 'iops'],
      rds.iops,
      `it counts only with rds.storageType io1 or io2 (it is ${rds.storageType}), for example storageType: io2`,
    )
  if (rds.masterUsername && RESERVED_USERS[rds.engine]?.test(rds.masterUsername))
    no(
      ['rds', 'masterUsername'],
      rds.masterUsername,
      `${rds.engine} keeps this name for itself, for example ${rds.engine === 'postgres' ? 'postgres' : 'admin'}`,
    )
  if (rds.databaseName && RESERVED_DATABASES.test(rds.databaseName))
    no(['rds', 'databaseName'], rds.databaseName, 'the engine keeps this name for itself, for example shop')
  const [daily, weekly] = [dailyWindow(rds.backupWindow), weeklyWindow(rds.maintenanceWindow)]
  if (daily && weekly && windowsOverlap(daily, weekly))
    no(
      ['rds', 'backupWindow'],
      rds.backupWindow,
      `it overlaps rds.maintenanceWindow ${rds.maintenanceWindow}; one may end where the other begins, for example 03:00-04:00 and sun:04:00-sun:05:00`,
    )
  const allowed = rds.engine === 'postgres' ? ['postgresql', 'upgrade'] : ['audit', 'error', 'general', 'slowquery']
  for (const [i, log] of (rds.logExports ?? []).entries())
    if (!allowed.includes(log))
      no(['rds', 'logExports', i], log, `${rds.engine} exports ${allowed.join(', ')}, for example [${allowed[0]}]`)
  if (rds.performanceInsights && withoutInsights(rds))
    no(
      ['rds', 'performanceInsights'],
      rds.performanceInsights,
      `MySQL has no Performance Insights on ${rds.instanceClass}; set it to false, for example rds.performanceInsights: false`,
    )
}

export const rds = section('rds', {
  step: 'rds',
  schema,
  defaults,
  rules: [server],
  sample: (_, preset) => `# rds:
#   version: "16"             # a major version: the newest minor that RDS offers
#   instanceClass: ${given(preset.rds, 'instanceClass', 'db.t4g.micro')}
#   allocatedGb: 20           # grows by itself up to maxAllocatedGb
#   maxAllocatedGb: 100
#   multiAz: false            # a standby in another zone, at twice the price
#   backupRetentionDays: 7    # any second of these days can be restored; at most 35
#   deletionProtection: true
`,
  outputs: {
    'rds.endpoint': of('db-instance', 'endpoint', { variable: 'DATABASE_HOST' }),
    'rds.port': of('db-instance', 'port', {
      variable: 'DATABASE_PORT',
      known: (c: { readonly rds: { readonly port: number } }) => String(c.rds.port),
    }),
  },
})
