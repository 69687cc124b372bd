import { describe, expect, it } from 'vitest'
import { undoes, unrecordedData } from '../../../src/commands/stack/unrecorded.ts'
import { allDeployed } from '../../../src/ecs/record.ts'
import type { Survey } from '../../../src/engine/kind.ts'
import type { Session } from '../../../src/session/session.ts'
import { editOf, unrecordedIn, withUnrecorded } from '../../../src/session/unrecorded/unrecorded.ts'
import type { Lookups } from '../../../src/steps/types.ts'
import { read } from '../../config/support/read.ts'
import { account, arnOf } from '../../ecs/support.ts'

const OUT = (name: string): string => ['$', `{${name}}`].join('')
const CONFIG = `project: shop
environment: dev
region: us-east-1
steps: [vpc, security-groups, secrets, rds, registry, ecs, autoscaling]
securityGroups: { bastionCidr: none }
vpc: { nat: single }
ecs:
  services:
    web:
      desired: 2
      environment: { LOG_LEVEL: info, HOST: "${OUT('rds.endpoint')}:${OUT('rds.port')}", REPO: "${OUT('registry.uri')}" }
      secrets: { DB_PASSWORD: "database:password" }
      autoscaling: { min: 1, max: 4, cpuPercent: 70 }
    worker: { image: "nginx:1", desired: 3 }
`
const REGISTRY = '111122223333.dkr.ecr.us-east-1.amazonaws.com/shop-dev-app'
const SECRET = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:shop/dev/database-AbCdEf'
/** What `infra create` makes of the config. */
const AS_DECLARED = {
  image: `${REGISTRY}:latest`,
  environment: { LOG_LEVEL: 'info', HOST: 'db.x.us-east-1.rds.amazonaws.com:5432', REPO: REGISTRY },
  secrets: { DB_PASSWORD: `${SECRET}:password::` },
}
interface Ran {
  readonly image?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly secrets?: Readonly<Record<string, string>>
}
const definition = (revision: string, of: Ran, name = 'web') => ({
  taskDefinitionArn: arnOf(revision),
  containerDefinitions: [
    {
      name,
      image: of.image,
      environment: Object.entries(of.environment ?? {}).map(([k, value]) => ({ name: k, value })),
      secrets: Object.entries(of.secrets ?? {}).map(([k, valueFrom]) => ({ name: k, valueFrom })),
    },
  ],
})

interface World {
  /** What runs, of the revision shop-dev-web:7. */
  readonly runs?: Ran
  readonly container?: string
  /** What the state has: of the revision shop-dev-web:5. */
  readonly recorded?: Ran
  readonly web?: object
  readonly seen?: object
  readonly service?: object
  readonly target?: object
  readonly stopped?: boolean
  readonly config?: string
  readonly row?: object
}

const look = async (w: World) => {
  const aws = account({
    DescribeTaskDefinition: ({ taskDefinition }: { taskDefinition: string }) => ({
      taskDefinition: taskDefinition.endsWith(':7')
        ? definition('shop-dev-web:7', w.runs ?? AS_DECLARED, w.container)
        : definition('shop-dev-web:5', w.recorded ?? {}),
    }),
    DescribeServices: { services: [{ status: 'ACTIVE', desiredCount: 2, runningCount: 2, ...w.service }] },
    DescribeScalableTargets: {
      ScalableTargets: w.target ? [{ ResourceId: 'service/shop-dev-cluster/shop-dev-web', ...w.target }] : [],
    },
  })
  const rows = new Map<string, object>(
    w.recorded
      ? [
          ['web-service', { attrs: { id: 'shop-dev-web' }, want: { taskDefinition: arnOf('shop-dev-web:5') }, ...w.row }],
          ['web-task-definition', { attrs: { id: 'shop-dev-web:5', arn: arnOf('shop-dev-web:5') } }],
        ]
      : [],
  )
  const config = read(w.config ?? CONFIG)
  const s = {
    config,
    aws,
    g: {},
    io: { interactive: false },
    caller: { arn: 'me' },
    state: { services: w.web ? { web: w.web } : {}, row: (key: string) => rows.get(key) },
  } as unknown as Session
  const at = { account: '111122223333', images: { web: false }, deployed: {} } as unknown as Lookups
  const survey = new Map([
    ['web-service', { is: 'ready', props: { taskDefinition: arnOf('shop-dev-web:7') }, ...w.seen }],
    ...(w.stopped ? [['db-instance', { is: 'ready', asleep: 'infra db start' }] as const] : []),
  ]) as unknown as Survey
  const all = await unrecordedIn(s, at, survey)
  return {
    s,
    at,
    aws,
    all,
    deployed: allDeployed(editOf(all)(s.state.services), config.ecs.services).web,
    data: unrecordedData(all),
  }
}

describe('a service that runs what is not recorded', () => {
  it('as infra.yaml says, outputs and all: nothing counts as deployed, and no image is waited for', async () => {
    const { all, deployed, s, at, data } = await look({})
    expect(deployed).toBeUndefined()
    expect(data).toEqual([{ key: 'web', revision: 'shop-dev-web:7', differs: [], lost: [], counts: [] }])
    expect(withUnrecorded(s, at, all).images).toEqual({})
  })

  it('another image, a variable more, one less, another value, another secret: all of it counts as deployed', async () => {
    const { deployed, data, all, s, at } = await look({
      runs: {
        image: `${REGISTRY}:v5`,
        environment: { LOG_LEVEL: 'debug', HOST: 'db.x.us-east-1.rds.amazonaws.com:5432', FEATURE: 'on' },
        secrets: { DB_PASSWORD: `${SECRET}:master_password::` },
      },
    })
    expect(deployed).toMatchObject({
      image: `${REGISTRY}:v5`,
      environment: { LOG_LEVEL: 'debug', FEATURE: 'on' },
      secrets: { DB_PASSWORD: 'database:master_password' },
      unset: ['REPO'],
    })
    expect(data).toMatchObject([{ differs: ['image v5', 'LOG_LEVEL', 'FEATURE', 'DB_PASSWORD', 'REPO'] }])
    expect(withUnrecorded(s, at, all).deployed).toEqual({ web: deployed })
    // A person who says no gets what infra.yaml says.
    expect(withUnrecorded(s, at, all, true).deployed).toEqual({})
    expect(editOf(all, true)({})).toEqual({})
  })

  it('beside a record only what the other deploy has changed counts: an edit of infra.yaml is still to be made', async () => {
    const { deployed, aws } = await look({
      recorded: { ...AS_DECLARED, image: `${REGISTRY}:v4`, environment: { ...AS_DECLARED.environment, FEATURE: 'on' } },
      runs: { ...AS_DECLARED, image: `${REGISTRY}:v5`, environment: { ...AS_DECLARED.environment, FEATURE: 'on', MORE: '1' } },
      web: { overlay: { environment: { FEATURE: 'on' }, since: { variables: { FEATURE: null } } } },
      config: CONFIG.replace('LOG_LEVEL: info', 'LOG_LEVEL: warn'),
    })
    expect(deployed).toMatchObject({ image: `${REGISTRY}:v5`, environment: { FEATURE: 'on', MORE: '1' } })
    expect(deployed?.environment).not.toHaveProperty('LOG_LEVEL')
    expect(aws.sent.map(([op]) => op)).not.toContain('DescribeServices')
  })

  it.each<[string, World]>([
    ['the recorded one', { recorded: {}, row: { want: { taskDefinition: arnOf('shop-dev-web:7') } } }],
    ['one that this state was about to deploy', { recorded: {}, web: { pending: { revision: 'shop-dev-web:7', from: 'x' } } }],
    ['what ran before that', { recorded: {}, web: { pending: { revision: 'x', from: 'shop-dev-web:7' } } }],
    ["somebody else's", { seen: { foreign: 'the ECS service web of the stack a/b' } }],
    ['one that was taken in', { recorded: {}, row: { adopted: true } }],
    ['one whose rollout failed', { seen: { props: { taskDefinition: `${arnOf('shop-dev-web:7')} (its rollout failed)` } } }],
    ['none', { seen: { is: 'absent' } }],
  ])('%s is none of that, and nothing is asked', async (_, w) => {
    const { all, aws } = await look(w)
    expect([all, aws.sent]).toEqual([[], []])
  })

  it('a text that sounds like a secret cannot be kept: a script is refused, and told how', async () => {
    const { all, s, deployed } = await look({
      runs: { ...AS_DECLARED, environment: { ...AS_DECLARED.environment, API_TOKEN: 'x', FEATURE: 'on' } },
    })
    expect(deployed?.environment).toEqual({ FEATURE: 'on' })
    expect(all[0]?.lost).toEqual(['API_TOKEN'])
    await expect(undoes(s, all, false, 'infra create --undo-deploys')).rejects.toMatchObject({
      exitCode: 2,
      why: expect.stringContaining('API_TOKEN cannot be kept'),
      next: 'infra deploy web --set-secret API_TOKEN=<secret:KEY>, then the same command again; or by infra.yaml alone: infra create --undo-deploys',
    })
    expect(await undoes(s, all, true, '')).toBe(true)
    const fine = await look({ runs: { ...AS_DECLARED, image: 'x:1' } })
    expect(await undoes(fine.s, fine.all, false, '')).toBe(false)
    const other = await look({ container: 'app' })
    expect(other.all[0]?.lost).toEqual(['the container web is not in it'])
  })
})

describe('its number of tasks', () => {
  const counts = async (w: World) => {
    const { s, all } = await look(w)
    const { count: scaled, sleep: asleep, autoscaling: paused } = editOf(all)({}).web ?? {}
    return { text: all[0]?.counts, scaled, asleep, paused, s, all }
  }
  const NOTHING = { text: [], scaled: undefined, asleep: undefined, paused: undefined }
  const ran = { events: [{ message: '(service web) has started 2 tasks: (task a) (task b).' }] }
  const none = { desiredCount: 0, runningCount: 0 }

  it('that of infra.yaml, or one that autoscaling has made: nobody has set it', async () => {
    expect(await counts({})).toMatchObject(NOTHING)
    expect(await counts({ service: { desiredCount: 3, runningCount: 3 } })).toMatchObject(NOTHING)
  })

  it('another one without autoscaling counts as scaled', async () => {
    const config = CONFIG.replace('rds, registry, ecs, autoscaling', 'rds, registry, ecs').replace(/ +autoscaling: .*\n/, '')
    const { scaled, text } = await counts({ config, service: { desiredCount: 5, runningCount: 5 } })
    expect(scaled).toMatchObject({ count: 5, since: 2, by: 'me' })
    expect(text).toEqual(['web runs 5 tasks, infra.yaml says 2: that counts as scaled'])
  })

  it('none, with autoscaling paused: it sleeps, and start gives both back', async () => {
    const suspended = { DynamicScalingInSuspended: true, DynamicScalingOutSuspended: true, ScheduledScalingSuspended: true }
    const w = { service: none, target: { MinCapacity: 0, MaxCapacity: 4, SuspendedState: suspended } }
    const { asleep, paused } = await counts(w)
    expect(asleep).toMatchObject({ count: 2, since: 2, down: true, paused: true, by: 'me' })
    expect(paused).toMatchObject({ min: 1, suspended: { in: false, out: false, scheduled: false } })
    const { s, all } = await counts(w)
    expect(withUnrecorded(s, {} as Lookups, all).counts).toEqual({ web: { desired: 0, paused: true } })
  })

  it('none, with a database that is stopped: it sleeps; else it counts as scaled; one that never had a task waits', async () => {
    expect((await counts({ service: { ...none, ...ran }, stopped: true })).asleep).toMatchObject({
      count: 2,
      since: 2,
      down: true,
    })
    expect((await counts({ service: { ...none, ...ran } })).scaled).toMatchObject({ count: 0 })
    const waits = await counts({ service: none })
    expect(waits).toMatchObject(NOTHING)
    expect(withUnrecorded(waits.s, { images: { web: false } } as unknown as Lookups, waits.all).images).toEqual({ web: false })
  })
})
