import * as ECS from '@aws-sdk/client-ecs'
import { CreateSecretCommand, DeleteSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { clientConfig } from '../../support/account.ts'
import {
  balancerOf,
  DEFINITION,
  describe as definitionOf,
  owned,
  revisions,
  serviceOf,
  type Theatre,
  theatre,
} from './support/service.ts'
import { failing, healthy } from './support/stage.ts'

const url = inject('motoUrl')
const WHERE = ['--cluster', 'shop-dev-cluster', '--service', 'shop-dev-web'] as const

/** The guide of a service that a person deploys by hand: new variables and secrets, nothing else of it touched. */
describe.skipIf(!url)('a service that infra did not make, without a config', () => {
  let t: Theatre
  let secrets: SecretsManagerClient
  beforeEach(async () => {
    t = await theatre(url ?? '')
    secrets = new SecretsManagerClient(clientConfig(t.account))
    t.stage.script = healthy(0)
  })
  afterEach(async () => {
    secrets.destroy()
    await t.close()
  })
  const secret = async (SecretString = JSON.stringify({ S3_KEY: 'AKIA-not-to-be-seen', OTHER: 'x' })): Promise<string> =>
    (await secrets.send(new CreateSecretCommand({ Name: 'shop/dev/s3', SecretString }))).ARN ?? ''
  const shown = async (): Promise<Record<string, unknown>> => {
    const { services } = await t.ecs.send(
      new ECS.DescribeServicesCommand({ cluster: 'shop-dev-cluster', services: ['shop-dev-web'], include: ['TAGS'] }),
    )
    const { taskDefinition: _, deployments: _d, events: _e, ...rest } = { ...services?.[0] }
    return rest as Record<string, unknown>
  }

  it('gets variables and a secret by its whole ARN; every other field of service and definition stays', async () => {
    await serviceOf(
      t,
      { tags: [{ key: 'owner', value: 'them' }] },
      {
        tags: [
          { key: 'team', value: 'blue' },
          { key: 'aws:cloudformation:stack-name', value: 'x' },
        ],
      },
    )
    const arn = await secret()
    const before = await shown()
    const was = await definitionOf(t, 'shop-dev-web:1')
    const ran = await t.p.run(
      'deploy',
      ...WHERE,
      '--set-env',
      'S3_REGION=us-east-1',
      '--set-secret',
      'S3_KEY=shop/dev/s3:S3_KEY',
      '--unset',
      'REGION',
      '--yes',
    )
    expect(ran.code, ran.all).toBe(0)
    expect(arn).toMatch(/shop\/dev\/s3-\w{6}$/)
    expect(ran.stdout).toContain(`+  secret S3_KEY  ${arn.split(':secret:')[1]}:S3_KEY`)
    expect(ran.stdout).toContain('-  env REGION     was us-east-1')
    expect(ran.all).not.toContain('not-to-be-seen')
    expect(ran.stdout).toContain('To go back: infra rollback --cluster shop-dev-cluster --service shop-dev-web')
    const is = await definitionOf(t, 'shop-dev-web:2')
    const { containerDefinitions: [web, ...others] = [], taskDefinitionArn: _a, revision: _r, registeredAt: _t, ...rest } = is
    const {
      containerDefinitions: [oldWeb, ...oldOthers] = [],
      taskDefinitionArn: _b,
      revision: _s,
      registeredAt: _u,
      ...oldRest
    } = was
    expect(rest).toEqual(oldRest)
    expect(others).toEqual(oldOthers)
    expect({ ...web, environment: [], secrets: [] }).toEqual({ ...oldWeb, environment: [], secrets: [] })
    expect(web?.environment).toEqual(
      expect.arrayContaining([
        { name: 'LOG_LEVEL', value: 'info' },
        { name: 'S3_REGION', value: 'us-east-1' },
      ]),
    )
    expect(web?.environment).toHaveLength(2)
    expect(web?.secrets).toEqual([{ name: 'S3_KEY', valueFrom: `${arn}:S3_KEY::` }])
    expect(await shown()).toEqual(before)
    expect(t.stage.told).toEqual([{ cluster: 'shop-dev-cluster', service: 'shop-dev-web', taskDefinition: expect.any(String) }])
    const registered = JSON.parse(t.proxy.log.find((c) => c.op === 'ecs.RegisterTaskDefinition')?.body ?? '{}')
    expect(registered.tags).toEqual([{ key: 'team', value: 'blue' }])
    expect(t.proxy.changing().map((c) => c.op)).toEqual(['ecs.RegisterTaskDefinition', 'ecs.UpdateService'])
  })

  it.each([
    [
      'a key that is not in it',
      ['--set-secret', 'K=shop/dev/s3:NOPE'],
      'The secret shop/dev/s3 has no key NOPE: it has S3_KEY, OTHER.',
    ],
    ['a secret that is not there', ['--set-secret', 'K=shop/dev/no:KEY'], 'There is no secret shop/dev/no'],
    [
      'one that is not of Secrets Manager',
      ['--set-secret', 'K=arn:aws:ssm:us-east-1:1:parameter/x'],
      'names no secret: it must be one of Secrets Manager',
    ],
    ['no name', ['--set-env', '=x'], '--set-env needs a name and a value'],
    ['a name twice', ['--set-env', 'A=1', '--unset', 'A'], 'A is named twice'],
    ['no image', ['--image', 'Not An Image'], '--image Not An Image is no image'],
    ['nothing at all', [], 'Nothing was named that shall change: shop-dev-web runs shop-dev-web:1, and no rollout is under way.'],
    ['a container that is not there', ['--image', 'v2', '--container', 'api'], 'has no container api: it has web, router'],
  ])('refuses %s, and changes nothing', async (_, flags, words) => {
    await serviceOf(t)
    await secret()
    const ran = await t.p.run('deploy', ...WHERE, ...flags, '--yes')
    expect(ran.code, ran.all).toBe(2)
    expect(ran.stderr).toContain(words)
    expect(t.proxy.changing()).toEqual([])
  })

  it('refuses a secret that is about to be deleted', async () => {
    await serviceOf(t)
    await secret()
    await secrets.send(new DeleteSecretCommand({ SecretId: 'shop/dev/s3', RecoveryWindowInDays: 7 }))
    const ran = await t.p.run('deploy', ...WHERE, '--set-secret', 'K=shop/dev/s3:S3_KEY', '--yes')
    expect(ran.code, ran.all).toBe(2)
    expect(ran.stderr).toMatch(/The secret shop\/dev\/s3 is about to be deleted[\s\S]*restore-secret/)
  })

  it('warns of a plain text that sounds like a secret, does it, and never shows it', async () => {
    await serviceOf(t)
    const ran = await t.p.run(
      'deploy',
      ...WHERE,
      '--set-env',
      'DB_PASSWORD=hunter22',
      '--set-env',
      'URL=postgres://me:hunter22@db/x',
      '--yes',
    )
    expect(ran.code, ran.all).toBe(0)
    expect(ran.all).toContain('DB_PASSWORD looks like a secret')
    expect(ran.all).toContain('URL looks like a secret')
    expect(ran.stdout).toContain('postgres://me:***@db/x')
    expect(ran.all).not.toContain('hunter22')
    expect((await definitionOf(t, 'shop-dev-web:2')).containerDefinitions?.[0]?.environment).toEqual(
      expect.arrayContaining([{ name: 'DB_PASSWORD', value: 'hunter22' }]),
    )
  })

  it('asks where nobody can answer: refused, with the command that says yes', async () => {
    await serviceOf(t)
    const ran = await t.p.run('deploy', ...WHERE, '--image', '1.27', '--set-env', 'A=b')
    expect(ran.code, ran.all).toBe(2)
    expect(ran.stderr).toContain('This would change the service shop-dev-web, and nobody can be asked here')
    expect(ran.stderr).toContain(
      'Next: infra deploy --cluster shop-dev-cluster --service shop-dev-web --image 1.27 --set-env A=... --yes',
    )
    expect(t.proxy.changing()).toEqual([])
  })

  it('that CodeDeploy rolls out is refused, and so is one that is not there', async () => {
    await serviceOf(t)
    t.stage.settings = { ...t.stage.settings, deploymentController: { type: 'CODE_DEPLOY' } }
    const ran = await t.p.run('deploy', ...WHERE, '--image', '1.27', '--yes')
    expect(ran.code, ran.all).toBe(2)
    expect(ran.stderr).toContain('is rolled out by CodeDeploy, not by ECS')
    const none = await t.p.run('deploy', '--cluster', 'shop-dev-cluster', '--service', 'nope', '--image', '1.27', '--yes')
    expect([none.code, none.stderr]).toEqual([
      2,
      expect.stringContaining('There is no service nope in the cluster shop-dev-cluster'),
    ])
    const nowhere = await t.p.run('deploy', '--cluster', 'nope', '--service', 'nope', '--image', '1.27', '--yes')
    expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringContaining('There is no cluster nope')])
    // There is no infra.yaml here, so nothing could be created.
    expect(none.stderr + nowhere.stderr).not.toContain('infra create')
    const alone = await t.p.run('deploy', '--image', '1.27', '--yes')
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('no service is named')])
  })

  it('goes back: to what still runs beside the rollout; else to what AWS has recorded as healthy', async () => {
    await serviceOf(t)
    t.stage.script = failing({
      stopCode: 'TaskFailedToStart',
      stoppedReason: 'CannotPullContainerError: nginx:1.27: not found',
    })
    const bad = await t.p.run('deploy', ...WHERE, '--image', '1.27', '--yes')
    expect(bad.code, bad.all).toBe(1)
    t.stage.script = healthy(0)
    const back = await t.p.run('rollback', ...WHERE, '--yes')
    expect(back.code, back.all).toBe(0)
    expect(back.stdout).toContain('shop-dev-web runs shop-dev-web:1')
    expect(await revisions(t)).toHaveLength(2)

    const good = await t.p.run('deploy', ...WHERE, '--image', '1.28', '--yes')
    expect(good.stdout).toContain(`To go back: infra rollback ${WHERE.join(' ')} --to shop-dev-web:1\n`)
    // Not to the number before: that one never came to be healthy.
    const plain = await t.p.run('rollback', ...WHERE)
    expect([plain.code, plain.stderr]).toEqual([
      2,
      expect.stringContaining(`infra rollback ${WHERE.join(' ')} --to shop-dev-web:1 --yes`),
    ])
    // Who may not look at that record is told a guess, which only a person may confirm.
    t.proxy.rules = [{ match: /ListServiceDeployments/, status: 400, error: 'AccessDeniedException' }]
    const guess = await t.p.run('rollback', ...WHERE, '--yes')
    t.proxy.rules = []
    expect(guess.code, guess.all).toBe(2)
    expect(guess.stdout).toContain(
      'Nothing is recorded of what shop-dev-web ran before: this is the newest one before shop-dev-web:3',
    )
    expect(guess.stderr).toContain(`Next: infra rollback ${WHERE.join(' ')} --to shop-dev-web:2 --yes`)
    const to = await t.p.run('rollback', ...WHERE, '--to', '1', '--yes')
    expect(to.code, to.all).toBe(0)
    expect(to.stdout).toContain('shop-dev-web:3 -> shop-dev-web:1')
    expect(t.stage.primary?.taskDefinition).toMatch(/:1$/)
    const none = await t.p.run('rollback', ...WHERE, '--to', '99', '--yes')
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('There is no revision 99: shop-dev-web has 3, 2, 1.')])
  })

  it('the container behind the load balancer is the application; --container names another one, also for a rollback', async () => {
    const [web] = DEFINITION.containerDefinitions ?? []
    const containerDefinitions = [{ ...web, name: 'proxy', image: 'envoy:1' }, { ...web }]
    await serviceOf(t, { loadBalancers: [await balancerOf(t)] }, { containerDefinitions })
    const ran = await t.p.run('deploy', ...WHERE, '--image', 'nginx:1.27', '--yes')
    expect(ran.code, ran.all).toBe(0)
    expect((await definitionOf(t, 'shop-dev-web:2')).containerDefinitions?.map((c) => c.image)).toEqual(['envoy:1', 'nginx:1.27'])
    const verified = await t.p.run('verify', ...WHERE, '--expect', 'LOG_LEVEL')
    expect(verified.stderr).not.toContain('cannot be told')
    t.stage.settings = { ...t.stage.settings, loadBalancers: [] }
    const told = await t.p.run('rollback', ...WHERE, '--to', '1', '--yes')
    expect([told.code, told.stderr]).toEqual([
      2,
      expect.stringMatching(/cannot be told: proxy, web\.\nNext: Name it with --container/),
    ])
    const back = await t.p.run('rollback', ...WHERE, '--to', '1', '--container', 'web', '--yes')
    expect(back.code, back.all).toBe(0)
    expect(t.stage.primary?.taskDefinition).toMatch(/:1$/)
  })

  it('a deregistered revision is registered anew', async () => {
    await serviceOf(t)
    expect((await t.p.run('deploy', ...WHERE, '--image', '1.27', '--yes')).code).toBe(0)
    await t.ecs.send(new ECS.DeregisterTaskDefinitionCommand({ taskDefinition: 'shop-dev-web:1' }))
    const ran = await t.p.run('rollback', ...WHERE, '--to', 'shop-dev-web:1', '--yes')
    expect(ran.code, ran.all).toBe(0)
    expect(ran.stdout).toContain('shop-dev-web:1 was deregistered, so what it says is registered anew')
    const is = await definitionOf(t, 'shop-dev-web:3')
    expect(is.containerDefinitions?.[0]?.image).toBe('nginx:1.26')
    expect(t.stage.primary?.taskDefinition).toMatch(/:3$/)
  })

  it('is recorded where there is a state, under its cluster and name', async () => {
    await serviceOf(t)
    await owned(t, 'project: shop\nenvironment: dev\nregion: us-east-1\n')
    expect((await t.p.run('deploy', ...WHERE, '--image', '1.27', '--yes')).code).toBe(0)
    expect((await t.p.run('deploy', ...WHERE, '--image', '1.28', '--yes')).code).toBe(0)
    const { services } = await t.p.state('dev.json')
    const history = [
      { revision: 'shop-dev-web:3' },
      { revision: 'shop-dev-web:2', healthy: true },
      { revision: 'shop-dev-web:1', how: 'found' },
    ]
    expect(services).toMatchObject({ 'shop-dev-cluster/shop-dev-web': { history } })
    expect(JSON.stringify(services)).not.toContain('"since"')
    const back = await t.p.run('rollback', ...WHERE, '--yes')
    expect(back.code, back.all).toBe(0)
    expect(t.stage.primary?.taskDefinition).toMatch(/:2$/)
    // Nobody goes back to what was just left.
    expect((await t.p.run('rollback', ...WHERE, '--yes')).code).toBe(0)
    expect(t.stage.primary?.taskDefinition).toMatch(/:1$/)
  })

  it('a tag belongs to the repository of the running image, wherever that is', async () => {
    const [web, router] = DEFINITION.containerDefinitions ?? []
    await serviceOf(
      t,
      {},
      {
        containerDefinitions: [
          { ...web, image: `${t.account.accountId}.dkr.ecr.us-east-1.amazonaws.com/shop/web:v1` },
          { ...router },
        ],
      },
    )
    const ran = await t.p.run('deploy', ...WHERE, '--image', 'v2', '--yes')
    expect(ran.code, ran.all).toBe(2)
    const image = `${t.account.accountId}.dkr.ecr.us-east-1.amazonaws.com/shop/web:v2`
    expect(ran.stderr).toContain(`The image ${image} is not in the registry`)
    expect(ran.stderr).toContain('there is no repository shop/web in this account and region')
    expect(ran.stderr).toContain('aws ecr create-repository --repository-name shop/web --region us-east-1')
    expect(ran.stderr).toContain(`docker push ${image}`)
    expect(t.proxy.changing()).toEqual([])
  })
})
