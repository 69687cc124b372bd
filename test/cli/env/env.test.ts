import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EnvFlags } from '../../../src/commands/env/definitions.ts'
import { envCommand } from '../../../src/commands/env/env.ts'
import { InfraError } from '../../../src/core/errors.ts'
import { BIN } from '../../support/cli.ts'

const ACCOUNT = '111122223333'
const arnOf = (name: string): string => `arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret:${name}-AbCdEf`
const DB = arnOf('shop/dev/database')

interface Told {
  readonly type?: string
  readonly step: string
  readonly name?: string
  readonly is?: string
  readonly attrs?: object
  readonly want?: object
}
const row = ({ type = 'x', name = 'x', is = 'ready', attrs = {}, want = {}, step }: Told) => ({
  ...{ type, step, name, is, want, attrs, deps: [], token: 't', at: '2026-11-21T00:00:00Z' },
})
const role = (name: string, passwordSecret = DB) =>
  row({ type: 'sql.role', step: 'databases', name, want: { passwordSecret, passwordKey: 'password' } })
const database = (name: string) => row({ type: 'sql.database', step: 'databases', name })

const ROWS = {
  vpc: row({ step: 'vpc', attrs: { id: 'vpc-1' } }),
  'database-secret': row({ step: 'secrets', name: 'shop/dev/database', attrs: { arn: DB, name: 'shop/dev/database' } }),
  'stripe-secret': row({ step: 'secrets', attrs: { arn: arnOf('shop/dev/stripe'), name: 'shop/dev/stripe' } }),
  'db-instance': row({ step: 'rds', attrs: { endpoint: 'db.internal', port: 5433 } }),
  'sql-role-shop-app': role('shop_app'),
  'sql-database-shop': database('shop'),
  registry: row({ step: 'registry', attrs: { uri: 'example/shop' } }),
  'load-balancer': row({ step: 'load-balancer', attrs: { dnsName: 'alb.example' } }),
  'ecs-cluster': row({ step: 'ecs', attrs: { id: 'shop-dev-cluster' } }),
}
const STEPS = 'steps: [vpc, security-groups, secrets, rds, databases, registry, load-balancer, ecs]'
const CONFIG = `project: shop
environment: dev
region: us-east-1
${STEPS}
secrets: { stripe: { keys: { key: { generate: 32 } } } }
`

let dir: string
let file: string
let out: string
let err: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'infra-env-'))
  file = join(dir, 'infra.yaml')
  vi.stubEnv('INFRA_CACHE_DIR', join(dir, '.cache'))
  // Nobody is to be asked: neither who is calling, nor anything else.
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
  out = ''
  err = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text)
    return true
  })
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  await rm(dir, { recursive: true })
})

const stack = async (config = CONFIG, rows: object | null = ROWS): Promise<void> => {
  await writeFile(file, config)
  if (!rows) return
  await mkdir(join(dir, 'state'), { recursive: true })
  const of = { project: 'shop', environment: 'dev', account: ACCOUNT, region: 'us-east-1' }
  const state = { format: 1, ...of, sandbox: false, lineage: 'l', serial: 1, lookups: {}, resources: rows }
  await writeFile(join(dir, 'state', 'dev.json'), JSON.stringify(state))
}
/** The names and values of the output, and the error that the command ends with. */
const env = async (f: EnvFlags = {}): Promise<{ values: Record<string, string>; error: InfraError | undefined }> => {
  out = ''
  let error: InfraError | undefined
  const code = await envCommand({ format: 'json', config: file, offline: true, ...f }).catch((e: unknown) => {
    if (!(e instanceof InfraError)) throw e
    error = e
    return e.exitCode
  })
  expect(code).toBe(error?.exitCode ?? 0)
  return { values: out.startsWith('{') ? JSON.parse(out) : {}, error }
}
const without = (...keys: (keyof typeof ROWS)[]) =>
  Object.fromEntries(Object.entries(ROWS).filter(([key]) => !keys.some((k) => k === key)))
const mapped = (env: Record<string, string>, more = ''): string => `${CONFIG}${more}env: ${JSON.stringify(env)}\n`

describe('without a mapping', () => {
  it('what the stack has, under the usual names; secrets as ECS takes them; nobody is asked', async () => {
    await stack()
    expect(await env()).toEqual({
      error: undefined,
      values: {
        AWS_REGION: 'us-east-1',
        DATABASE_HOST: 'db.internal',
        DATABASE_PORT: '5433',
        DATABASE_NAME: 'shop',
        DATABASE_USER: 'shop_app',
        DATABASE_PASSWORD: `${DB}:password::`,
        DATABASE_SECRET_ARN: DB,
        STRIPE_SECRET_ARN: arnOf('shop/dev/stripe'),
        REGISTRY_URI: 'example/shop',
        APP_URL: 'http://alb.example',
        ECS_CLUSTER: 'shop-dev-cluster',
      },
    })
    expect(err).toBe('')
  })

  it('nothing of a step that is switched off', async () => {
    await stack(CONFIG.replace(STEPS, 'steps: [vpc, security-groups, secrets, rds]'))
    expect(Object.keys((await env()).values)).toEqual([
      'AWS_REGION',
      'DATABASE_HOST',
      'DATABASE_PORT',
      'DATABASE_SECRET_ARN',
      'STRIPE_SECRET_ARN',
    ])
  })

  it('one of several databases is never guessed: it has to be named', async () => {
    await stack(`${CONFIG}databases: { names: [one, two] }\n`, { ...ROWS, a: database('one'), b: database('two') })
    const all = await env()
    expect(all.error).toBeUndefined()
    expect(all.values).not.toHaveProperty('DATABASE_NAME')
    expect(all.values.DATABASE_USER).toBe('shop_app')
    expect(err).toContain('one and two')
    expect(err).toContain('--database <name>')
    expect((await env({ database: 'two' })).values.DATABASE_NAME).toBe('two')
    const wrong = (await env({ database: 'twoo' })).error
    expect([wrong?.exitCode, wrong?.why, wrong?.next]).toEqual([2, 'did you mean two?', 'infra env --database two'])
  })

  it('tenants apart: role and secret of the one that is meant, and of nobody otherwise', async () => {
    const rows = {
      ...ROWS,
      ...{ a: database('one'), b: database('two'), c: role('one', arnOf('t/one')), d: role('two', arnOf('t/two')) },
    }
    await stack(`${CONFIG}databases: { names: [one, two], roles: perDatabase }\n`, rows)
    const { values } = await env({ database: 'two' })
    expect([values.DATABASE_USER, values.DATABASE_PASSWORD, values.DATABASE_SECRET_ARN]).toEqual([
      'two',
      `${arnOf('t/two')}:password::`,
      arnOf('t/two'),
    ])
    const none = (await env()).values
    expect(Object.keys(none).filter((k) => k.startsWith('DATABASE_'))).toEqual(['DATABASE_HOST', 'DATABASE_PORT'])
  })
})

describe('what is not there yet', () => {
  it('is told with the step that makes it, and exit code 1; the rest is printed', async () => {
    await stack(CONFIG, {
      ...without('registry', 'sql-database-shop'),
      'db-instance': row({ step: 'rds', is: 'creating', attrs: { endpoint: 'not.yet' } }),
    })
    const { values, error } = await env()
    expect(error?.exitCode).toBe(1)
    expect(error?.what).toBe('4 variables are missing')
    expect(error?.why).toBe(
      'DATABASE_HOST and DATABASE_PORT (rds is not made yet); DATABASE_NAME (databases is not made yet); REGISTRY_URI (registry is not made yet)',
    )
    expect(error?.next).toBe(`infra create rds databases registry --config ${file}`)
    expect(values.DATABASE_USER).toBe('shop_app')
    expect(Object.keys(values)).not.toEqual(expect.arrayContaining(['DATABASE_HOST']))
  })

  it('a resource that is being deleted is no longer there', async () => {
    await stack(CONFIG, { ...ROWS, registry: row({ step: 'registry', is: 'deleting', attrs: { uri: 'x' } }) })
    expect((await env()).error?.message).toBe('REGISTRY_URI is missing: registry is not made yet')
  })

  it('before the first create: what the config alone tells', async () => {
    await stack(CONFIG, null)
    const { values, error } = await env()
    expect(values).toEqual({ AWS_REGION: 'us-east-1' })
    expect(error?.next).toContain('infra create secrets rds databases registry load-balancer ecs')
  })

  it('stands in dotenv as a comment, and ends what a shell evaluates with a failure', async () => {
    await stack(CONFIG, without('registry'))
    await env({ format: 'dotenv' })
    expect(out).toContain('\n# REGISTRY_URI: registry is not made yet\n')
    await env({ format: 'shell' })
    expect(out).toMatch(/^export AWS_REGION='us-east-1'\n(export \w+='.*'\n)+false\n$/)
    expect(() => execFileSync('/bin/sh', ['-ec', 'eval "$1"; echo on', 'sh', out], { stdio: 'pipe' })).toThrow()
    await stack()
    await env({ format: 'shell' })
    expect(execFileSync('/bin/sh', ['-ec', 'eval "$1"; echo "$DATABASE_HOST"', 'sh', out], { encoding: 'utf8' })).toBe(
      'db.internal\n',
    )
  })

  it('a mapping that takes it from a step which is switched off', async () => {
    await stack(mapped({ IMAGE: '${registry.uri}:latest' }).replace(', registry', ''), without('registry'))
    const { error } = await env()
    expect([error?.exitCode, error?.why, error?.next]).toEqual([
      1,
      'the step registry is switched off',
      'Add registry to steps in infra.yaml',
    ])
  })
})

describe('with a mapping', () => {
  it('its names and no others, in its order, with texts around the outputs', async () => {
    await stack(
      mapped({
        APP: 'shop',
        IMAGE: '${registry.uri}:v1',
        WHERE: '${project}/${environment} ${account} ${region} ${vpc.id} ${cluster.name}',
        DB_SECRET_NAME: '${secret.name}',
        DB_SECRET: '${secret.arn}',
        SECRET_KEY: '${secret:database:django_secret_key}',
        ALL: '${secret:stripe}',
        WHERE_IS: '${secretArn:stripe}',
        THEIRS: `\${secret:${arnOf('their/own')}:k::}`,
        DATABASE: '${database.user}@${loadBalancer.dnsName}/${database.name}',
      }),
    )
    const { values, error } = await env()
    expect(error).toBeUndefined()
    expect(Object.entries(values)).toEqual([
      ['APP', 'shop'],
      ['IMAGE', 'example/shop:v1'],
      ['WHERE', `shop/dev ${ACCOUNT} us-east-1 vpc-1 shop-dev-cluster`],
      ['DB_SECRET_NAME', 'shop/dev/database'],
      ['DB_SECRET', DB],
      ['SECRET_KEY', `${DB}:django_secret_key::`],
      ['ALL', arnOf('shop/dev/stripe')],
      ['WHERE_IS', arnOf('shop/dev/stripe')],
      ['THEIRS', `${arnOf('their/own')}:k::`],
      ['DATABASE', 'shop_app@alb.example/shop'],
    ])
  })

  it.each([
    ['', 'http://alb.example'],
    ['loadBalancer: { domain: shop.example.com }\n', 'https://shop.example.com'],
    ['loadBalancer: { domain: "*.example.com" }\n', 'https://alb.example'],
    [
      'loadBalancer: { certificateArn: "arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012" }\n',
      'https://alb.example',
    ],
  ])('the address as the containers of the stack have it: %s', async (more, url) => {
    await stack(mapped({ URL: '${loadBalancer.url}' }, more))
    expect((await env()).values.URL).toBe(url)
  })

  it('a secret within a text is written only when it is revealed: an ARN in an address would be nonsense', async () => {
    await stack(mapped({ DATABASE_URL: 'postgresql://${database.user}:${database.password}@${rds.endpoint}/${database.name}' }))
    const { values, error } = await env()
    expect(values).toEqual({})
    expect(error?.message).toBe('DATABASE_URL is missing: a secret is a part of it, so it can only be revealed')
    expect(error?.next).toBe(`infra env --reveal --config ${file}`)
  })

  it.each([
    ['${rds.endpont}', /takes rds\.endpont, and infra knows no output of this name/, /did you mean rds\.endpoint\?/],
    ['${secret:strip:key}', /takes strip, and infra knows no secret of this name/, /did you mean stripe\?/],
    ['${toString}', /takes toString/, /there are project, /],
    ['${secret:database:a b}', /takes secret:database:a b/, /a key without blanks/],
    ['${secret:database:a:b}', /takes secret:database:a:b/, /a key without blanks/],
    ['${secret:}', /takes secret:/, /it must be a secret of the config/],
    ['${secret:arn:aws:secretsmanager:us-east-1:111122223333:secret:short:k}', /takes/, /the ARN must be whole/],
  ])('%s is refused, whatever is made', async (text, what, why) => {
    await stack(mapped({ X: text }))
    const { error } = await env()
    expect(error?.exitCode).toBe(2)
    expect(error?.what).toMatch(what)
    expect(error?.why).toMatch(why)
    expect(out).toBe('')
  })

  it('which of several databases is not guessed here either', async () => {
    await stack(mapped({ N: '${database.name}' }, 'databases: { names: [one, two] }\n'))
    const { error } = await env()
    expect([error?.exitCode, error?.what, error?.next]).toEqual([2, 'Which database is meant?', 'infra env --database one'])
  })
})

describe('formats', () => {
  it.each([
    [{ format: 'yaml' }, /--format is yaml/],
    [{ format: 'shell', json: true }, /--json and --format shell/],
  ])('%j is refused before anything is read', async (f, what) => {
    const { error } = await env(f)
    expect(error?.exitCode).toBe(2)
    expect(error?.what).toMatch(what)
  })

  it('dotenv, when nothing is said; JSON with --json', async () => {
    await stack(mapped({ A: 'it is # so', B: 'b' }))
    await envCommand({ config: file, offline: true })
    expect(out).toBe("A='it is # so'\nB=b\n")
    out = ''
    await envCommand({ config: file, json: true, offline: true })
    expect(JSON.parse(out)).toEqual({ A: 'it is # so', B: 'b' })
  })

  it('what no .env file can hold for every reader is missing there, and told', async () => {
    await stack(mapped({ A: `it's "$HOME"` }))
    const { error } = await env({ format: 'dotenv' })
    expect(error?.message).toBe('A is missing: not every reader of dotenv takes its value')
    expect(error?.next).toBe(`infra env --format json --config ${file}`)
    expect(out).toBe('# A: not every reader of dotenv takes its value\n')
  })

  it('a refusal makes the shell fail too', async () => {
    await stack(mapped({ X: '${nothing}' }))
    expect((await env({ format: 'shell' })).error?.exitCode).toBe(2)
    expect(out).toBe('false\n')
  })
})

describe('with --reveal', () => {
  let server: Server
  let asked: string[]
  let answers: Record<string, { status?: number; body: object }>
  beforeEach(async () => {
    asked = []
    answers = {
      [DB]: {
        body: { SecretString: JSON.stringify({ password: `s3'cr et`, port: 5432, host: 'db', list: [1], nothing: null }) },
      },
      [arnOf('shop/dev/stripe')]: { body: { SecretString: 'not json\nat all' } },
    }
    server = createServer((request, answer) => {
      answer.setHeader('x-amzn-requestid', '1')
      let body = ''
      request.on('data', (d) => {
        body += d
      })
      request.on('end', () => {
        if (!request.headers['x-amz-target']) {
          const who = `<Account>${ACCOUNT}</Account><Arn>arn:aws:iam::${ACCOUNT}:user/me</Arn><UserId>x</UserId>`
          answer.setHeader('content-type', 'text/xml')
          answer.end(
            `<GetCallerIdentityResponse><GetCallerIdentityResult>${who}</GetCallerIdentityResult></GetCallerIdentityResponse>`,
          )
          return
        }
        const { SecretId } = JSON.parse(body) as { SecretId: string }
        asked.push(`${String(request.headers['x-amz-target']).split('.')[1]} ${SecretId}`)
        const of = answers[SecretId] ?? { status: 400, body: { __type: 'ResourceNotFoundException', message: 'x' } }
        answer.writeHead(of.status ?? 200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(of.body))
      })
    })
    await new Promise<void>((r) => server.listen(0, '127.0.0.1', r))
    const at = server.address()
    vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${typeof at === 'object' ? at?.port : 0}`)
  })
  afterEach(() => server.close())

  it('the values, each secret read once, and a warning beside the output', async () => {
    await stack(
      mapped({
        PASSWORD: '${database.password}',
        URL: 'postgresql://${database.user}:${secret:database:password}@${secret:database:host}:${secret:database:port}/',
        LIST: '${secret:database:list}',
        ALL: '${secret:stripe}',
        PLAIN: 'x',
        WHERE: '${secretArn:stripe}',
      }),
    )
    const { values, error } = await env({ reveal: true })
    expect(error).toBeUndefined()
    expect(values).toEqual({
      PASSWORD: `s3'cr et`,
      URL: `postgresql://shop_app:s3'cr et@db:5432/`,
      LIST: '[1]',
      ALL: 'not json\nat all',
      PLAIN: 'x',
      WHERE: arnOf('shop/dev/stripe'),
    })
    expect(asked.sort()).toEqual([`GetSecretValue ${DB}`, `GetSecretValue ${arnOf('shop/dev/stripe')}`])
    expect(err).toContain('holds the values of secrets (PASSWORD, URL, LIST and ALL)')
    expect(err).not.toContain('s3')
  })

  it('no warning where nothing is revealed', async () => {
    await stack(mapped({ A: 'a' }))
    expect((await env({ reveal: true })).values).toEqual({ A: 'a' })
    expect([err, asked]).toEqual(['', []])
  })

  it.each([
    ['a key that is not there', '${secret:database:toString}', /has no key toString/, /put-secret-value/],
    ['a key of what is no JSON', '${secret:stripe:key}', /holds no JSON object/, /put-secret-value/],
    ['a secret of theirs that is gone', `\${secret:${arnOf('their/own')}:k}`, /their\/own is gone/, /Fix its ARN/],
  ])('%s', async (_, text, why, next) => {
    await stack(mapped({ X: text }))
    const { error } = await env({ reveal: true })
    expect([error?.exitCode, error?.what]).toEqual([1, 'X is missing'])
    expect(error?.why).toMatch(why)
    expect(error?.next).toMatch(next)
    expect(err).toBe('')
  })

  it('a secret of the stack that was deleted, and the host before there is a database', async () => {
    delete answers[arnOf('shop/dev/stripe')]
    answers[DB] = { body: { SecretString: '{"host":"PLACEHOLDER_WILL_BE_UPDATED_AFTER_RDS_CREATION"}' } }
    await stack(mapped({ A: '${secret:stripe}', B: '${secret:database:host}' }))
    const { error } = await env({ reveal: true })
    expect(error?.why).toBe('A (the secret shop/dev/stripe is gone, or holds no text); B (rds is not made yet)')
    expect(error?.next).toContain('infra create secrets rds')
  })

  it('one that may not be read is a refusal, and nothing is printed', async () => {
    const message = `User: arn:aws:iam::${ACCOUNT}:user/me is not authorized to perform: secretsmanager:GetSecretValue on resource: ${DB}`
    answers[DB] = { status: 400, body: { __type: 'AccessDeniedException', Message: message } }
    await stack(mapped({ A: '${secret:database:password}', B: 'b' }))
    const { error } = await env({ reveal: true })
    expect(error?.exitCode).toBe(2)
    expect(error?.what).toContain('may not do secretsmanager:GetSecretValue')
    expect(out).toBe('')
  })
})

it('as a person types it: eval "$(infra env --format shell)"', async () => {
  await stack(mapped({ GREETING: "it's $HOME", HOST: '${rds.endpoint}' }))
  const line = `eval "$(${process.execPath} ${BIN} env --format shell --offline)"; printf '%s|%s' "$GREETING" "$HOST"`
  const said = execFileSync('/bin/sh', ['-c', line], {
    cwd: dir,
    encoding: 'utf8',
    env: { INFRA_CACHE_DIR: join(dir, '.cache') },
  })
  expect(said).toBe("it's $HOME|db.internal")
})
