import { layout, parseCidr } from './cidr.ts'
import { STEPS, type StepName } from './names.ts'
import type { ConfigFile, SecretConfig } from './schema.ts'
import { type Containers, settleContainers } from './settle-ecs.ts'

const OPTIONAL: readonly StepName[] = ['bastion', 'registry', 'load-balancer', 'ecs', 'autoscaling']
/** The steps there are when `steps` is not set. A bastion costs by the hour and has a public address, and containers need an image: whoever wants them says so. */
export const DEFAULT_STEPS: readonly StepName[] = STEPS.filter((s) => !OPTIONAL.includes(s))

/** The config with every default in place: what steps read. Open questions stay undefined (`vpc.nat`, the alarms' e-mail). */
export interface Config extends Containers {
  readonly preset: string | undefined
  readonly project: string
  readonly environment: string
  /** All that infra.yaml names, its own one first. */
  readonly environments: readonly string[]
  readonly region: string
  readonly profile: string | undefined
  readonly namePrefix: string
  readonly application: string
  readonly tags: Readonly<Record<string, string>>
  readonly steps: readonly StepName[]
  readonly vpc: Omit<ConfigFile['vpc'], 'publicCidrs' | 'privateCidrs'> & {
    readonly publicCidrs: readonly string[]
    readonly privateCidrs: readonly string[]
  }
  readonly securityGroups: ConfigFile['securityGroups']
  readonly secrets: {
    readonly recoveryWindowDays: number
    readonly kmsKey: string | undefined
    readonly database: NamedSecret
    readonly others: readonly NamedSecret[]
  }
  readonly rds: ConfigFile['rds'] & {
    readonly version: string
    readonly identifier: string
    readonly masterUsername: string
    readonly port: number
    readonly deletionProtection: boolean
    readonly performanceInsights: boolean
    readonly logExports: readonly string[]
    readonly monitoringRoleName: string
  }
  readonly bastion: ConfigFile['bastion']
  readonly databases: Omit<ConfigFile['databases'], 'names' | 'appUser' | 'encoding' | 'collation'> & {
    readonly names: readonly string[]
    readonly appUser: string
    readonly encoding: string
    /** Empty: the server's own. */
    readonly collation: string
    /** With a role for each database: the name of the secret of each. */
    readonly secretOf: Readonly<Record<string, string>>
  }
  readonly monitoring: {
    readonly emails: readonly string[]
    readonly alarms: Readonly<Record<keyof ConfigFile['monitoring']['alarms'], AlarmConfig>>
    readonly dashboardName: string
  }
  readonly env: ConfigFile['env']
  readonly drift: ConfigFile['drift']
  /** `local`, or s3://bucket/prefix. */
  readonly state: string
  /** The account of its bucket, and of those for dumps; undefined: that of the credentials. */
  readonly bucketOwner: string | undefined
}

type AlarmConfig = ConfigFile['monitoring']['alarms']['cpu']

export interface NamedSecret {
  /** Its name in the config. */
  readonly key: string
  /** Its name in Secrets Manager. */
  readonly name: string
  readonly description: string
  readonly keys: SecretConfig['keys']
}

/** What Secrets Manager calls it. */
export const secretName = (
  file: Pick<ConfigFile, 'project' | 'environment' | 'secrets'>,
  key: string,
  secret: SecretConfig,
): string =>
  secret.name ??
  file.secrets.namePattern.replaceAll('{project}', file.project).replaceAll('{env}', file.environment).replaceAll('{name}', key)

/** AWS has no Performance Insights for MySQL on its smallest classes. */
export const withoutInsights = (rds: Pick<ConfigFile['rds'], 'engine' | 'instanceClass'>): boolean =>
  rds.engine === 'mysql' && /\.(micro|small)$/.test(rds.instanceClass)

/** One for the project, unless RDS makes it. */
export const defaultDatabases = ({ project, rds }: Pick<ConfigFile, 'project' | 'rds'>): string[] => {
  const name = project.replaceAll('-', '_')
  return name === rds.databaseName ? [] : [name]
}

const settleDatabases = (file: ConfigFile): Config['databases'] => {
  const plain = file.project.replaceAll('-', '_')
  const { names = defaultDatabases(file), appUser = `${plain}_app`, collation = '', ...rest } = file.databases
  const encoding = file.databases.encoding ?? (file.rds.engine === 'mysql' ? 'utf8mb4' : 'UTF8')
  const ofOne = file.databases.roles === 'perDatabase' ? names : []
  const secretOf = Object.fromEntries(ofOne.map((name) => [name, secretName(file, `databases/${name}`, { keys: {} })]))
  return { ...rest, names, appUser, encoding, collation, secretOf }
}

const MIB = 1024 ** 2
/**
 * Bytes of free memory below which the alarm goes off. On a class with 1 GiB, PostgreSQL at rest leaves less than the usual 500 MiB:
 * the alarm would never end.
 */
const littleMemory = (instanceClass: string): number => (instanceClass.endsWith('.micro') ? 100 : 500) * MIB

/** Fills in what depends on other keys. */
export const settle = (file: ConfigFile, environments: readonly string[] = [file.environment]): Config => {
  const { project, environment, region, rds, vpc, monitoring } = file
  const namePrefix = file.namePrefix ?? `${project}-${environment}`
  const application = file.application ?? project
  const zones = vpc.azs?.length ?? vpc.azCount
  const blocks = layout(parseCidr(vpc.cidr) ?? { base: 0, bits: 16 }, zones)
  const { namePattern: _, recoveryWindowDays, kmsKey, database, ...others } = file.secrets
  const named = (key: string, secret: SecretConfig): NamedSecret => ({
    key,
    name: secretName(file, key, secret),
    description: secret.description ?? `${application} ${environment}: ${key}`,
    keys: secret.keys,
  })
  const postgres = rds.engine === 'postgres'
  const steps = file.steps ? STEPS.filter((s) => file.steps?.includes(s)) : DEFAULT_STEPS
  const parts = settleContainers(file)
  const { memory } = monitoring.alarms
  const hidden = [...Object.values(parts.ecs.services), ...Object.values(parts.ecs.tasks)].some((x) => x.subnets === 'private')
  // Tasks in private subnets reach the registry, the secrets and the logs through it: then it is no open question.
  const nat = vpc.nat ?? (vpc.mode === 'new' && steps.includes('ecs') && hidden ? ('single' as const) : undefined)
  return {
    preset: file.preset,
    project,
    environment,
    environments,
    region,
    profile: file.profile,
    namePrefix,
    application,
    tags: { Environment: environment, Application: application, ManagedBy: 'infra', ...file.tags },
    steps,
    vpc: {
      ...vpc,
      ...(nat ? { nat } : {}),
      azCount: zones,
      publicCidrs: vpc.publicCidrs ?? blocks.publics,
      privateCidrs: vpc.privateCidrs ?? blocks.privates,
    },
    securityGroups: file.securityGroups,
    secrets: {
      recoveryWindowDays,
      kmsKey,
      database: named('database', database),
      others: Object.entries(others).map(([key, secret]) => named(key, secret)),
    },
    rds: {
      ...rds,
      version: rds.version ?? (postgres ? '16' : '8.4'),
      identifier: (rds.identifier ?? `${namePrefix}-db`).toLowerCase(),
      masterUsername: rds.masterUsername ?? (postgres ? 'postgres' : 'admin'),
      port: rds.port ?? (postgres ? 5432 : 3306),
      deletionProtection: rds.deletionProtection ?? !/^(dev|test|sandbox)/.test(environment),
      performanceInsights: rds.performanceInsights ?? !withoutInsights(rds),
      // AWS answers in lower case: written otherwise, each run would see a change.
      maintenanceWindow: rds.maintenanceWindow.toLowerCase(),
      logExports: rds.logExports ?? (postgres ? ['postgresql'] : ['error']),
      monitoringRoleName: rds.monitoringRoleName ?? `${namePrefix}-rds-monitoring`,
    },
    bastion: file.bastion,
    databases: settleDatabases(file),
    ...parts,
    env: file.env,
    monitoring: {
      emails: [monitoring.email, ...(monitoring.emails ?? [])].filter(
        (a, i, all): a is string => a !== undefined && all.findIndex((b) => b?.toLowerCase() === a.toLowerCase()) === i,
      ),
      alarms: { ...monitoring.alarms, memory: { ...memory, threshold: memory.threshold ?? littleMemory(rds.instanceClass) } },
      dashboardName: monitoring.dashboard.name ?? `${namePrefix}-rds`,
    },
    drift: file.drift,
    state: file.state,
    bucketOwner: file.bucketOwner,
  }
}
