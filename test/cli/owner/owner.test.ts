import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type * as ECS from '@aws-sdk/client-ecs'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import type { InfraError } from '../../../src/core/errors.ts'
import { refuseOthers, stackIn } from '../../../src/session/owner.ts'
import { clientConfig } from '../../support/account.ts'
import { owned, serviceOf, type Theatre, theatre } from '../deploy/support/service.ts'
import { healthy } from '../deploy/support/stage.ts'

const url = inject('motoUrl')

/** One name for every environment, as a person writes it who has one stack and then a second. */
const CONFIG = `project: shop
environment: prod
region: us-east-1
steps: [vpc, security-groups, secrets, ecs]
securityGroups: { bastionCidr: none }
vpc: { nat: none }
ecs:
  cluster: shop-dev-cluster
  services:
    web: { image: "nginx:1.26", subnets: public, name: shop-dev-web, container: web }
  tasks:
    migrate: { image: "nginx:1.26", subnets: public, family: shop-dev-web }
`
const tagsOf = (stack: string): ECS.Tag[] => [
  { key: 'infra:stack', value: stack },
  { key: 'infra:key', value: 'web-service' },
]

describe('the stack that a tag names', () => {
  const said = (own: Parameters<typeof refuseOthers>[0], stack: string | undefined, g = {}): string => {
    try {
      refuseOthers(own, g, { what: 'The service web', tags: stack ? { 'infra:stack': stack } : {}, words: 'scale web 2' })
      return ''
    } catch (error) {
      const { what, why, next, exitCode } = error as InfraError
      return `${exitCode} ${what}: ${why}. ${next}`
    }
  }
  const own = { project: 'shop', environment: 'staging' }

  it('may be this one, or none; and without a config there is nothing to compare it with', () => {
    expect([said(own, 'shop/staging'), said(own, undefined), said(undefined, 'shop/prod')]).toEqual(['', '', ''])
    expect(stackIn({})).toBeUndefined()
  })

  it('is another environment: the same command there, with the flags of this call', () => {
    expect(said(own, 'shop/prod', { env: 'staging', sandbox: true, config: 'x.yaml' })).toBe(
      '2 The service web belongs to the stack shop/prod, not to shop/staging: infra changes nothing of another stack, and shows nothing of it under this name. infra scale web 2 --config x.yaml --env prod --sandbox',
    )
  })

  it('is another project: its config is in another folder', () => {
    expect(said(own, 'bank/staging', { config: 'x.yaml', profile: 'me' })).toContain(
      'In the folder of bank: infra scale web 2 --env staging --profile me',
    )
  })
})

describe.skipIf(!url)("a name that is also another stack's", () => {
  let t: Theatre
  beforeEach(async () => {
    t = await theatre(url ?? '')
    t.stage.script = healthy(0)
    await writeFile(join(t.p.dir, 'infra.yaml'), CONFIG)
  })
  afterEach(() => t.close())
  const production = (): Promise<string> => serviceOf(t, { tags: tagsOf('shop/prod') }, { tags: tagsOf('shop/prod') })

  it.each([
    ['deploy', ['web', '--set-env', 'A=1', '--yes'], 'infra deploy web --set-env A=... --env prod'],
    ['rollback', ['web', '--to', '1', '--yes'], 'infra rollback web --to 1 --env prod'],
    ['scale', ['web', '2', '--yes'], 'infra scale web 2 --env prod'],
    ['run', ['web', '--yes', '--', 'true'], 'infra run web --env prod'],
    ['run', ['migrate', '--yes', '--', 'true'], 'infra run migrate --env prod'],
    ['exec', ['web', '--', 'true'], 'infra exec web --env prod'],
    ['verify', ['web'], 'infra verify web --env prod'],
    ['logs', ['web'], 'infra logs web --env prod'],
    [
      'deploy',
      ['--cluster', 'shop-dev-cluster', '--service', 'shop-dev-web', '--force', '--yes'],
      'infra deploy --cluster shop-dev-cluster --service shop-dev-web --force --env prod',
    ],
  ])('%s %j of staging is refused before anything', async (verb, words, next) => {
    await production()
    t.proxy.clear()
    const config = CONFIG.replace('environment: prod', 'environment: staging')
    await writeFile(
      join(t.p.dir, 'infra.yaml'),
      words.includes('--cluster') ? config.replace('shop-dev-cluster', 'another') : config,
    )
    const ran = await t.p.run(verb, ...words)
    expect(ran.code, ran.all).toBe(2)
    expect(ran.stderr).toMatch(/^The (service|task definition) \S+ belongs to the stack shop\/prod, not to shop\/staging/)
    expect(ran.stderr).toContain(`Next: ${next}\n`)
    expect(t.proxy.changing()).toEqual([])
    expect(t.stage.told).toEqual([])
  })

  it("a secret's name is another stack's too; its whole ARN is nobody's slip", async () => {
    const secrets = new SecretsManagerClient({ ...clientConfig(t.account), endpoint: t.proxy.url })
    const Tags = [{ Key: 'infra:stack', Value: 'shop/staging' }]
    const { ARN } = await secrets.send(new CreateSecretCommand({ Name: 'shop/keys', SecretString: '{"token":"x"}', Tags }))
    secrets.destroy()
    await production()
    const config = CONFIG.replace('cluster: shop-dev-cluster', 'cluster: another')
    await writeFile(join(t.p.dir, 'infra.yaml'), config)
    const WHERE = ['--cluster', 'shop-dev-cluster', '--service', 'shop-dev-web'] as const
    const ran = await t.p.run('deploy', ...WHERE, '--set-secret', 'T=shop/keys:token', '--yes')
    expect(ran.code, ran.all).toBe(2)
    expect(ran.stderr).toContain('The secret shop/keys belongs to the stack shop/staging, not to shop/prod')
    expect(t.proxy.changing()).toEqual([])
    const whole = await t.p.run('deploy', ...WHERE, '--set-secret', `T=${ARN}:token`, '--yes')
    expect(whole.code, whole.all).toBe(0)
  })

  it('its own is changed, and so is one that was taken in', async () => {
    await production()
    const own = await t.p.run('deploy', 'web', '--set-env', 'A=1', '--yes')
    expect(own.code, own.all).toBe(0)
    await owned(t, CONFIG.replace('environment: prod', 'environment: dev').replace(/ {2}tasks:[\s\S]*/, ''))
    const state = await t.p.state('dev.json')
    Object.assign(state.resources['web-service'] ?? {}, { adopted: true })
    await writeFile(join(t.p.dir, 'state', 'dev.json'), JSON.stringify(state))
    const adopted = await t.p.run('deploy', 'web', '--set-env', 'A=2', '--yes')
    expect(adopted.code, adopted.all).toBe(0)
  })
})
