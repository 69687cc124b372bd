import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { STEPS } from '../../src/config/names.ts'
import { readConfig } from '../../src/config/read.ts'
import { kinds } from '../../src/kinds/index.ts'
import { declareDatabaseTask } from '../../src/steps/database-task.ts'
import { declare } from '../../src/steps/index.ts'
import { generated, read, root, table } from './markdown.ts'

const VERBS = ['observe', 'create', 'update', 'delete'] as const
const SAY = { observe: 'read', create: 'create', update: 'change', delete: 'delete' } as const

/** The preset with its options taken, a second service and every step on, so that every kind is in it. */
const config = readConfig(
  {
    preset: 'startupwebapp',
    steps: [...STEPS],
    vpc: { nat: 'single' },
    monitoring: { email: 'ops@example.com' },
    loadBalancer: { domain: 'shop.example.com' },
    ecs: { services: { api: { port: 8001, paths: ['/api/*'] } } },
  },
  {},
  'test',
)
const zones = ['us-east-1a', 'us-east-1b']
const at = {
  account: '123456789012',
  partition: 'aws',
  zones,
  sshFrom: '203.0.113.7/32',
  engineVersion: '16.10',
  bastionType: 't4g.micro',
  bastionImage: 'ami-0123456789abcdef0',
}
const nodes = declare(config, at).nodes()
const steps = [...new Set(nodes.map((n) => n.step))]

const actionsOf = (of: typeof nodes, verb: (typeof VERBS)[number]): string[] =>
  [...new Set(of.flatMap((n) => n.kind.facts.iam[verb] ?? []))].sort()

/** What is called by way of src/aws/ecs-lists.ts, whose functions are named after the operations. */
const listed = (text: string): string[] =>
  [...text.matchAll(/\b(?:list(Tasks|Services)|describe(Tasks))\(/g)].map(([, list, look]) =>
    list === undefined ? `ecs:Describe${look}` : `ecs:List${list}`,
  )
/** The calls in these files, as actions. */
const calledIn = (...files: string[]): string[] => [
  ...new Set(
    files.flatMap((file) => [
      ...[...read(file).matchAll(/aws\.(ec2|ecr|ecs|freeTier|logs|rds|ssm|sts)\('(\w+)'/g)].map(
        (m) => `${m[1]?.toLowerCase()}:${m[2]}`,
      ),
      ...listed(read(file)),
    ]),
  ),
]
/** What the run asks before a step is declared, read from the code that asks. */
const lookups = calledIn(
  'src/aws/identity.ts',
  'src/aws/lookups.ts',
  'src/aws/routes.ts',
  'src/aws/rds-offers.ts',
  'src/commands/rds-ahead.ts',
  'src/containers/image.ts',
  'src/commands/preflight.ts',
)

const taskNodes = declareDatabaseTask(config, 'aws', { image: 'psql', environment: {}, secrets: {} }).nodes()
/** What each way into the database server needs besides. */
const ways = {
  task: [
    ...new Set([
      ...VERBS.flatMap((verb) => actionsOf(taskNodes, verb)),
      ...calledIn('src/sql/task-look.ts', 'src/sql/task-run.ts'),
      // The container bears the stack's tags, and gets the role that reads its secrets.
      'ecs:TagResource',
      'iam:PassRole',
    ]),
  ].sort(),
  ssm: calledIn('src/sql/ssm.ts', 'src/sql/ssm-target.ts', 'src/sql/tunnel.ts').sort(),
}

const code = (actions: readonly string[]): string => actions.map((a) => `\`${a}\``).join(', ')

const policy = (sid: string, actions: readonly string[]): string => {
  const Statement = [{ Sid: sid, Effect: 'Allow', Action: [...new Set(actions)].sort(), Resource: '*' }]
  return `\`\`\`json\n${JSON.stringify({ Version: '2012-10-17', Statement }, null, 2)}\n\`\`\``
}

test('the actions in docs/permissions.md are those that the kinds name', () => {
  const rows = steps.flatMap((step) =>
    VERBS.map((verb) => [
      verb === 'observe' ? `**${step}**` : '',
      SAY[verb],
      code(
        actionsOf(
          nodes.filter((n) => n.step === step),
          verb,
        ),
      ),
    ]),
  )
  const entries = Object.entries(ways).map(([way, actions]) => [`**databases** by \`${way}\``, 'all', code(actions)])
  const wanted = table(['step', 'verb', 'actions'], [['**before the steps**', 'read', code(lookups)], ...rows, ...entries])
  expect(generated('docs/permissions.md', 'actions', wanted)).toBe(wanted)
})

test('the two policies in docs/permissions.md are made of the same actions', () => {
  const reading = [...lookups, ...actionsOf(nodes, 'observe')]
  const look = policy('InfraReadOnly', reading)
  expect(generated('docs/permissions.md', 'policy-read', look)).toBe(look)
  const all = policy('InfraAllSteps', [
    ...reading,
    ...VERBS.flatMap((verb) => actionsOf(nodes, verb)),
    ...Object.values(ways).flat(),
  ])
  expect(generated('docs/permissions.md', 'policy-all', all)).toBe(all)
})

test('that stack uses every kind there is, so no action is left out', () => {
  const used = [...new Set(nodes.map((n) => n.kind.type))]
  expect(used.sort()).toEqual(kinds.map((k) => k.type).sort())
})

const PREFIX: Readonly<Record<string, string>> = {
  autoScaling: 'application-autoscaling',
  cloudWatch: 'cloudwatch',
  elb: 'elasticloadbalancing',
  secretsManager: 'secretsmanager',
}
/** Files of the commands on running services, and what they stand on. */
const DAY_TWO = /^(containers\/|commands\/(deploy|rollback|rollout|service-place|logs|exec|run|scale|stop|verify|env)[\w-]*\.ts$)/

test('docs/permissions.md names what the commands on running services call', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (f) => DAY_TWO.test(f) && f.endsWith('.ts'),
  )
  const called = files.flatMap((f) => [
    ...[...read(`src/${f}`).matchAll(/aws\.(\w+)\(\s*'(\w+)'/g)].map(
      ([, service = '', action]) => `${PREFIX[service] ?? service}:${action}`,
    ),
    ...listed(read(`src/${f}`)),
  ])
  expect(called.length).toBeGreaterThan(20)
  const section = /^## The commands on running services\n([\s\S]*?)^## /m.exec(read('docs/permissions.md'))?.[1] ?? ''
  expect([...new Set(called)].filter((action) => !section.includes(`\`${action}\``)).sort()).toEqual([])
})
