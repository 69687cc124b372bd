import type { Kit } from '../../kit.ts'
import type { Own } from '../../section.ts'

const MATCHER = 'it must be HTTP codes from 200 to 499, for example 200 or 200-299'
/** `200`, `200,302`, `200-299`. docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Matcher.html */
const isMatcher = (codes: string): boolean =>
  codes.split(',').every((part) => {
    const [, from, to = from] = /^([234]\d\d)(?:-([234]\d\d))?$/.exec(part) ?? []
    return Number(from) <= Number(to)
  })

const SECRET =
  'it must name a secret of the config and a key in it, or the full ARN of a secret and a key, for example database:password'

/** The cluster, and what runs in it. */
export const schema = ({ z, domain, flag, int, oneOf, percent, seconds, text }: Kit) => {
  const name32 = text(
    /^[A-Za-z0-9](?!.*--)[A-Za-z0-9-]{0,31}(?<!-)$/,
    'it must have 1 to 32 letters, digits and single hyphens and not begin or end with a hyphen, for example shop-web',
  )
  const ecsName = text(/^[\w-]{1,255}$/, 'it must have 1 to 255 letters, digits, _ and -, for example shop-web')
  const port = int(1, 65535, 'it must be a port from 1 to 65535, for example 8000')
  const path = text(/^\/[^\s?#]{0,1023}$/, 'it must be a path that begins with /, for example /health')
  const VARIABLE = text(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, 'a variable has letters, digits and _, for example DATABASE_URL')
  const variables = z
    .record(
      VARIABLE,
      z.preprocess(
        (v) => (typeof v === 'number' || typeof v === 'boolean' ? String(v) : v),
        z.string({ error: 'a variable is a text, for example production' }),
      ),
    )
    .default({})
  const secretVariables = z
    .record(
      VARIABLE,
      text(/^([A-Za-z][\w-]*|arn:[\w-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}):[\w.-]+$/, SECRET),
    )
    .default({})

  /** What every container has, whether it stays or runs once. */
  const container = {
    image: text(/^\S{1,512}$/, 'it must be an image, for example nginx:1.27').optional(),
    container: ecsName.optional(),
    family: ecsName.optional(),
    logGroup: text(/^[\w./#-]{1,512}$/, 'it must be the name of a log group, for example /ecs/shop-web').optional(),
    cpu: int(256, 16384, 'Fargate takes 256, 512, 1024, 2048, 4096, 8192 or 16384, for example 256').default(256),
    memory: int(512, 122_880, 'it must be the MiB that Fargate offers for the cpu, for example 512').default(512),
    architecture: oneOf(['X86_64', 'ARM64']).default('X86_64'),
    command: z.array(z.string(), { error: 'it must be a list of words, for example [python, manage.py, migrate]' }).optional(),
    environment: variables,
    secrets: secretVariables,
    /** What the application reads with the SDK, besides what ECS hands it in variables. */
    runtimeSecrets: z
      .array(
        text(
          /^([A-Za-z][\w-]*|arn:[\w-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6})$/,
          'it must name a secret of the config, or be the full ARN of one, for example [stripe]',
        ),
        { error: 'it must be a list of secrets, for example [stripe]' },
      )
      .default([]),
    subnets: oneOf(['private', 'public']).optional(),
  }

  const healthCheck = z
    .strictObject({
      path: path.default('/'),
      matcher: z
        .preprocess(
          (v) => (typeof v === 'number' ? String(v) : v),
          z.string({ error: MATCHER }).refine((codes) => isMatcher(codes), MATCHER),
        )
        .default('200'),
      intervalSeconds: seconds(5, 300, 30).default(30),
      timeoutSeconds: seconds(2, 120, 5).default(5),
      healthyThreshold: int(2, 10, 'it must be 2 to 10 checks, for example 2').default(2),
      unhealthyThreshold: int(2, 10, 'it must be 2 to 10 checks, for example 3').default(3),
      graceSeconds: seconds(0, 7200, 120).default(60),
      /** Carried out inside the container. */
      command: z.string().optional(),
    })
    .prefault({})

  const autoscaling = z.strictObject({
    min: int(0, 1000, 'it must be 0 to 1000 tasks, for example 1').default(1),
    max: int(1, 1000, 'it must be 1 to 1000 tasks, for example 4').default(4),
    cpuPercent: percent(1, 100, 70).optional(),
    memoryPercent: percent(1, 100, 80).optional(),
    scaleOutCooldownSeconds: seconds(0, 86_400, 60).default(60),
    scaleInCooldownSeconds: seconds(0, 86_400, 300).default(300),
  })

  const service = z.strictObject({
    ...container,
    name: ecsName.optional(),
    targetGroup: name32.optional(),
    port: port.optional(),
    /** Behind the load balancer. */
    public: flag('ecs.services.web.public').optional(),
    hosts: z.array(domain(128)).default([]),
    paths: z
      .array(text(/^\/[\w\-.$/~"'@:+*?&]{0,127}$/, 'it must be a path, * for any characters, for example /api/*'))
      .default([]),
    desired: int(0, 1000, 'it must be 0 to 1000 tasks, for example 2').default(1),
    capacity: oneOf(['FARGATE', 'FARGATE_SPOT']).default('FARGATE'),
    minHealthyPercent: percent(0, 100, 100).default(100),
    maxPercent: percent(100, 400, 200).default(200),
    health: healthCheck,
    /** ELB: 0 to 3600. */
    deregistrationDelaySeconds: seconds(0, 3600, 30).default(30),
    autoscaling: autoscaling.optional(),
    managedPolicies: z
      .array(
        text(
          /^arn:[\w-]+:iam::(aws|\d{12}):policy\/[\w+=,.@/-]+$/,
          'it must be the ARN of a policy, for example arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess',
        ),
      )
      .default([]),
  })
  const task = z.strictObject(container)

  const KEY = text(
    /^[a-z](?!.*--)[a-z0-9-]{0,19}(?<!-)$/,
    'a service or task has 1 to 20 lower-case letters, digits and single hyphens, for example web',
  )

  return z
    .strictObject({
      cluster: ecsName.optional(),
      containerInsights: flag('ecs.containerInsights').optional(),
      logRetentionDays: int(1, 3653, 'it must be a number of days that CloudWatch Logs offers, for example 7').default(7),
      exec: flag('ecs.exec').default(true),
      executionRole: text(
        /^[\w+=,.@-]{1,64}$/,
        'it must have 1 to 64 letters, digits and +=,.@_-, for example shop-task-execution',
      ).optional(),
      taskRole: text(/^[\w+=,.@-]{1,64}$/, 'it must have 1 to 64 letters, digits and +=,.@_-, for example shop-task').optional(),
      services: z.record(KEY, service).default({}),
      tasks: z.record(KEY, task).default({}),
    })
    .prefault({})
}
export type Ecs = Own<typeof schema>
export type EcsService = Ecs['services'][string]
/** What a service and a task have both. */
export type EcsTask = Ecs['tasks'][string]
