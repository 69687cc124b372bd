import type { ConfigFile } from './schema.ts'
import { namesOf, RETENTION_DAYS, referencesIn } from './settle-ecs.ts'
import type { No } from './together.ts'

/** MiB that Fargate offers for each cpu. docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html */
const MEMORY: Readonly<Record<number, readonly [min: number, max: number, step: number]>> = {
  256: [512, 2048, 512],
  512: [1024, 4096, 1024],
  1024: [2048, 8192, 1024],
  2048: [4096, 16384, 1024],
  4096: [8192, 30720, 1024],
  8192: [16384, 61440, 4096],
  16384: [32768, 122880, 8192],
}

/** Rules over more than one key about what runs in containers. */
export const containers = (c: ConfigFile, no: No): void => {
  const on = (step: string): boolean => c.steps?.some((s) => s === step) ?? false
  certificate(c, no)
  if (!RETENTION_DAYS.includes(c.ecs.logRetentionDays))
    no(
      ['ecs', 'logRetentionDays'],
      c.ecs.logRetentionDays,
      `CloudWatch Logs keeps ${RETENTION_DAYS.slice(0, 12).join(', ')}, ... days, for example 7`,
    )
  const all = [
    ...Object.entries(c.ecs.services).map(([key, of]) => ({ path: ['ecs', 'services', key], of })),
    ...Object.entries(c.ecs.tasks).map(([key, of]) => ({ path: ['ecs', 'tasks', key], of })),
  ]
  for (const { path, of } of all) {
    fargate(path, of, no)
    if (on('ecs') && of.image === undefined && !on('registry'))
      no([...path, 'image'], undefined, 'without the step registry the image must be named, for example nginx:1.27')
    if (on('ecs') && of.subnets === 'private' && c.vpc.mode === 'new' && c.vpc.nat === 'none')
      no(
        [...path, 'subnets'],
        of.subnets,
        'tasks in private subnets need a way to the registry, the secrets and the logs; set vpc.nat to single, or subnets to public, for example subnets: public',
      )
    for (const [variable, text] of Object.entries(of.environment))
      for (const ref of referencesIn(text).filter((r) => !r.known))
        no(
          [...path, 'environment', variable],
          text,
          `\${${ref.name}} is not an output that infra knows, for example \${rds.endpoint}`,
        )
    for (const [variable, from] of Object.entries(of.secrets)) {
      const [secret = ''] = from.split(':')
      if (secret !== 'arn' && !Object.hasOwn(c.secrets, secret))
        no([...path, 'secrets', variable], from, `secrets has no ${secret}, for example database:password`)
      if (Object.hasOwn(of.environment, variable))
        no(
          [...path, 'secrets', variable],
          from,
          `${variable} stands in environment too; ECS refuses a name twice, for example ${variable}_SECRET`,
        )
    }
  }
  for (const [key, s] of Object.entries(c.ecs.services)) {
    const path = ['ecs', 'services', key]
    if (s.public && s.port === undefined)
      no([...path, 'port'], undefined, 'what stands behind the load balancer needs a port, for example 8000')
    if (s.health.timeoutSeconds >= s.health.intervalSeconds)
      no(
        [...path, 'health', 'timeoutSeconds'],
        s.health.timeoutSeconds,
        `it must be shorter than health.intervalSeconds (${s.health.intervalSeconds}), for example 5`,
      )
    const a = s.autoscaling
    if (a && !(a.min <= s.desired && s.desired <= a.max))
      no(
        [...path, 'desired'],
        s.desired,
        `it must lie between autoscaling.min (${a.min}) and autoscaling.max (${a.max}), for example ${Math.max(a.min, 1)}`,
      )
    if (a && a.cpuPercent === undefined && a.memoryPercent === undefined)
      no(
        [...path, 'autoscaling', 'cpuPercent'],
        undefined,
        'autoscaling needs a target: cpuPercent or memoryPercent, for example 70',
      )
  }
  if (on('load-balancer')) names(c, no)
}

const certificate = ({ loadBalancer: l }: ConfigFile, no: No): void => {
  if (l.certificateArn !== undefined && l.domain !== undefined)
    no(
      ['loadBalancer', 'domain'],
      l.domain,
      'a certificate is either there (certificateArn) or requested (domain), not both, for example domain: example.com',
    )
  if (l.domain === undefined && l.alternativeNames.length > 0)
    no(
      ['loadBalancer', 'alternativeNames'],
      l.alternativeNames,
      'they count only with loadBalancer.domain, for example domain: example.com',
    )
}

const fargate = (path: (string | number)[], { cpu, memory }: { cpu: number; memory: number }, no: No): void => {
  const range = MEMORY[cpu]
  if (!range) {
    no([...path, 'cpu'], cpu, `Fargate takes ${Object.keys(MEMORY).join(', ')}, for example 256`)
    return
  }
  const [min, max, step] = range
  const fits = memory >= min && memory <= max && (memory - min) % step === 0
  // The smallest cpu has three sizes: 512, 1024, 2048.
  if (!fits || (cpu === 256 && memory === 1536))
    no(
      [...path, 'memory'],
      memory,
      `for cpu ${cpu} Fargate offers ${cpu === 256 ? '512, 1024 or 2048' : `${min} to ${max} in steps of ${step}`} MiB, for example ${min}`,
    )
}

/** AWS would refuse them in the middle of a run. */
const names = (c: ConfigFile, no: No): void => {
  const limit = 32
  const { loadBalancer, targetGroups } = namesOf(c)
  if (loadBalancer.length > limit)
    no(
      ['loadBalancer', 'name'],
      loadBalancer,
      `a load balancer's name has at most ${limit} characters, for example ${loadBalancer.slice(0, 20)}-alb`,
    )
  for (const [key, name] of Object.entries(targetGroups))
    if (name.length > limit)
      no(
        ['ecs', 'services', key, 'targetGroup'],
        name,
        `a target group's name has at most ${limit} characters, for example ${key}-tg`,
      )
  const used = new Map<string, string>()
  for (const [key, name] of Object.entries(targetGroups)) {
    const other = used.get(name)
    if (other !== undefined)
      no(['ecs', 'services', key, 'targetGroup'], name, `ecs.services.${other} has this name already, for example ${name}-2`)
    used.set(name, key)
  }
}
