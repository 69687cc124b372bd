import type { ConfigFile } from './schema.ts'

/** What the environment of a container may take from the stack: `${rds.endpoint}`. */
export const OUTPUTS = [
  'project',
  'environment',
  'region',
  'account',
  'vpc.id',
  'rds.endpoint',
  'rds.port',
  'secret.name',
  'secret.arn',
  'registry.uri',
  'loadBalancer.dnsName',
  'loadBalancer.url',
  'cluster.name',
] as const
export type Output = (typeof OUTPUTS)[number]

/** `${...}` in a text. The length is bounded, or many that nobody closes would each be looked for to the end of the text. */
export const REFERENCE = /\$\{([^}]{0,300})\}/g

/** The parts of a text between and within `${...}`. */
export const referencesIn = (text: string): { name: string; known: boolean }[] =>
  [...text.matchAll(REFERENCE)].map(([, name = '']) => ({ name, known: OUTPUTS.some((o) => o === name) }))

export const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
]

/** AWS names that hang on several keys. */
export const namesOf = (file: ConfigFile): { prefix: string; loadBalancer: string; targetGroups: Record<string, string> } => {
  const prefix = file.namePrefix ?? `${file.project}-${file.environment}`
  const services = Object.entries(file.ecs.services).filter(([, s]) => isPublic(s))
  return {
    prefix,
    loadBalancer: file.loadBalancer.name ?? `${prefix}-alb`,
    targetGroups: Object.fromEntries(services.map(([key, s]) => [key, s.targetGroup ?? `${prefix}-${key}`])),
  }
}

/**
 * Where browsers find it: the domain of the certificate, else the load balancer's own name. Undefined where there is a certificate
 * and nobody says for which name: at its own the load balancer would show the wrong one.
 */
export const hostOf = (
  l: { readonly domain?: string | undefined; readonly certificateArn?: string | undefined },
  dnsName: string,
): string | undefined => {
  if (l.domain !== undefined) return l.domain.startsWith('*') ? undefined : l.domain
  return l.certificateArn === undefined ? dnsName : undefined
}
export const isSecure = (l: { readonly domain?: string | undefined; readonly certificateArn?: string | undefined }): boolean =>
  l.domain !== undefined || l.certificateArn !== undefined

/** A service with a port stands behind the load balancer, unless it says otherwise. */
export const isPublic = (s: ConfigFile['ecs']['services'][string]): boolean => s.public ?? s.port !== undefined

type Part = ConfigFile['ecs']['tasks'][string]
type Subnets = 'private' | 'public'

/** The default VPC has no private ones. */
export const subnetsOf = ({ subnets }: Part, { mode }: ConfigFile['vpc']): Subnets =>
  subnets ?? (mode === 'default' ? 'public' : 'private')

export type Container = Part & {
  readonly container: string
  readonly family: string
  readonly logGroup: string
  readonly subnets: Subnets
}
export type Service = ConfigFile['ecs']['services'][string] &
  Container & { readonly name: string; readonly targetGroup: string | undefined; readonly public: boolean }

export interface Containers {
  readonly registry: ConfigFile['registry'] & { readonly name: string }
  readonly loadBalancer: ConfigFile['loadBalancer'] & { readonly name: string }
  readonly ecs: Omit<ConfigFile['ecs'], 'services' | 'tasks'> & {
    readonly cluster: string
    readonly executionRole: string
    readonly taskRole: string
    readonly services: Readonly<Record<string, Service>>
    readonly tasks: Readonly<Record<string, Container>>
  }
}

/** Fills in the names of what runs in containers. */
export const settleContainers = (file: ConfigFile): Containers => {
  const { prefix, loadBalancer, targetGroups } = namesOf(file)
  const filled = (key: string, c: Part): Container => ({
    ...c,
    container: c.container ?? key,
    subnets: subnetsOf(c, file.vpc),
    family: c.family ?? `${prefix}-${key}`,
    logGroup: c.logGroup ?? `/ecs/${prefix}-${key}`,
  })
  const services = Object.entries(file.ecs.services).map(([key, s]): [string, Service] => [
    key,
    { ...s, ...filled(key, s), name: s.name ?? `${prefix}-${key}`, targetGroup: targetGroups[key], public: isPublic(s) },
  ])
  return {
    registry: { ...file.registry, name: file.registry.name ?? `${prefix}-app` },
    loadBalancer: { ...file.loadBalancer, name: loadBalancer },
    ecs: {
      ...file.ecs,
      cluster: file.ecs.cluster ?? `${prefix}-cluster`,
      executionRole: file.ecs.executionRole ?? `${prefix}-task-execution`,
      taskRole: file.ecs.taskRole ?? `${prefix}-task`,
      services: Object.fromEntries(services),
      tasks: Object.fromEntries(Object.entries(file.ecs.tasks).map(([key, t]) => [key, filled(key, t)])),
    },
  }
}
