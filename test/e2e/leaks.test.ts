import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { clearGround, makeGround } from '../crash-real/expect.ts'
import { CREATE, DESTROY, type Ended, Home } from '../crash-real/home.ts'
import type { Ground } from '../crash-real/life.ts'
import { GENERATED } from '../crash-real/list-services.ts'
import { filesIn, formsOf } from '../crash-real/search.ts'
import { clientConfig } from '../support/account.ts'
import type { Call, Rule } from '../support/proxy.ts'

const url = inject('motoUrl')

/** What a person would put there: it must not get out either. */
const TYPED = 'Typed+By/A.Person=51H"q'
describe.skipIf(!url)('no secret gets out', () => {
  let ground: Ground
  let home: Home
  /** Everything that is secret and was ever seen in the account. */
  const secrets = new Set<string>()
  /** What the CLI printed, and what stood in its arguments. */
  const heard: [where: string, text: string][] = []

  beforeAll(async () => {
    ground = makeGround(url ?? '')
    home = await Home.open(ground.bin, ground.folder, ground.server)
    home.env.TMPDIR = join(home.dir, 'tmp')
    mkdirSync(home.env.TMPDIR)
  })
  beforeEach(() => {
    heard.length = 0
    home.proxy.clear()
  })
  afterAll(async () => {
    await home?.close()
    clearGround(ground)
  })

  const client = (): SecretsManagerClient => new SecretsManagerClient(clientConfig(home.account))
  const values = async (): Promise<[name: string, object: Record<string, unknown>][]> => {
    const { SecretList = [] } = await client().send(new ListSecretsCommand({}))
    return Promise.all(
      SecretList.map(async ({ Name = '' }) => {
        const { SecretString = '{}' } = await client().send(new GetSecretValueCommand({ SecretId: Name }))
        return [Name, JSON.parse(SecretString) as Record<string, unknown>] as [string, Record<string, unknown>]
      }),
    )
  }
  const remember = (object: Record<string, unknown>): void => {
    for (const [key, v] of Object.entries(object)) if (GENERATED.has(key) || v === TYPED) secrets.add(String(v))
  }
  const collect = async (): Promise<void> => {
    for (const [, object] of await values()) remember(object)
    // What was sent in a call that failed, or was lost, is secret as well: it may be what AWS keeps.
    for (const { op, body } of home.proxy.log) {
      if (op === 'rds.CreateDBInstance') secrets.add(new URLSearchParams(body).get('MasterUserPassword') ?? '')
      const { SecretString } = op.startsWith('secretsmanager.') ? (JSON.parse(body) as { SecretString?: string }) : {}
      if (SecretString) remember(JSON.parse(SecretString) as Record<string, unknown>)
    }
  }

  /** Runs it, as a person who wants to see everything would. */
  const run = async (...args: string[]): Promise<Ended> => {
    const [command = ''] = args
    const done = watched.has(command) ? await home.run(...args) : await watch(args)
    watched.add(command)
    heard.push([`output of infra ${args.join(' ')}`, done.out])
    await collect()
    return done
  }
  /** Commands that ran in a process of their own: what stands in its arguments does not change from one run to the next. */
  const watched = new Set<string>()
  /** Runs it and looks over its shoulder (/proc/<pid>/cmdline). */
  const watch = async (args: string[]): Promise<Ended> => {
    const { child, ended } = home.start(args)
    const look = (): void => {
      for (const what of ['cmdline', 'environ', 'comm'])
        try {
          heard.push([`${what} of infra ${args.join(' ')}`, readFileSync(`/proc/${child.pid}/${what}`, 'utf8')])
        } catch {
          // Ended, or no Linux.
        }
    }
    const timer = setInterval(look, 20)
    look()
    const done = await ended
    clearInterval(timer)
    return done
  }

  const leaks = (): string[] => {
    const texts: [string, string][] = [
      ...heard,
      ...filesIn(home.dir).map((f): [string, string] => [f, readFileSync(f, 'latin1')]),
    ]
    // Which one leaked is not printed: a report is no place for a password either.
    return [
      ...new Set(
        texts.filter(([, text]) => [...secrets].some((s) => formsOf(s).some((f) => text.includes(f)))).map(([where]) => where),
      ),
    ]
  }

  const echo = (call: Call): string =>
    `The request is not valid: ${call.body} (decoded: ${decodeURIComponent(call.body.replaceAll('+', ' '))})`
  const refused = (op: string, error: string, more: Partial<Rule> = {}): Rule => ({
    match: new RegExp(`^${op.replace('.', '\\.')}$`),
    error,
    message: echo,
    ...more,
  })

  // In this order each finds undone what it needs: the database is not there before the last one.
  it.each<[string, ...Rule[]]>([
    ['CreateSecret refused', refused('secretsmanager.CreateSecret', 'InvalidParameterException')],
    [
      'CreateSecret a 500 after the effect, CreateDBInstance refused',
      refused('secretsmanager.CreateSecret', 'InternalServiceError', { status: 500, late: true, times: 1 }),
      refused('rds.CreateDBInstance', 'InvalidParameterValue'),
    ],
    ['CreateDBInstance denied', refused('rds.CreateDBInstance', 'AccessDenied', { status: 403 })],
    ['CreateDBInstance a 500', refused('rds.CreateDBInstance', 'InternalFailure', { status: 500 })],
    ['PutSecretValue refused', refused('secretsmanager.PutSecretValue', 'InvalidRequestException')],
  ])('create with %s, which echoes the request', { timeout: 120_000 }, async (_, ...rules) => {
    home.proxy.rules = rules
    expect((await run(...CREATE, '--verbose')).code).toBe(1)
    expect((await run(...CREATE, '--json', '--verbose')).code).toBe(1)
    home.proxy.rules = []
    const hit = new Set(home.proxy.log.flatMap((c) => (c.fault ? [c.op] : [])))
    for (const { match } of rules)
      expect(
        [...hit].some((op) => match.test(op)),
        String(match),
      ).toBe(true)
    expect(leaks()).toEqual([])
  })

  it('the answer to GetSecretValue breaks off, or is no JSON', { timeout: 60_000 }, async () => {
    for (const replace of [
      [/\}"?,?\s*"VersionStages.*$/s, ''],
      [/"SecretString": *"/, '"SecretString": '],
      [/\\"master_password\\": *\\"/, '"'],
      [/^/, 'x'],
    ] as const) {
      home.proxy.rules = [{ match: /^secretsmanager\.GetSecretValue$/, replace }]
      await run(...CREATE, '--verbose')
    }
    home.proxy.rules = []
    expect(leaks()).toEqual([])
  })

  it('every command, with --verbose and with --json, on a stack that is whole', { timeout: 120_000 }, async () => {
    const { code, out } = await run(...CREATE, '--verbose')
    expect(code, out).toBe(0)
    const [name = '', object = {}] = (await values())[0] ?? []
    const SecretString = JSON.stringify({ ...object, stripe_secret_key: TYPED })
    await client().send(new PutSecretValueCommand({ SecretId: name, SecretString }))
    const reads = [
      ['plan'],
      ['status'],
      ['status', '--offline'],
      ['show-resources'],
      ['show-resources', 'secrets'],
      ['cost'],
      ['drift'],
    ]
    for (const args of [...reads, CREATE]) for (const flag of ['--verbose', '--json']) await run(...args, flag)
    expect(secrets).toContain(TYPED)
    expect(secrets.size).toBeGreaterThanOrEqual(5)
    expect(leaks()).toEqual([])
  })

  it('a killed run, and the run after it', { timeout: 60_000 }, async () => {
    const { child, ended } = home.start([...DESTROY, '--verbose'])
    home.proxy.after = ({ op }) => {
      if (op === 'secretsmanager.PutSecretValue') child.kill('SIGKILL')
    }
    heard.push(['output of a killed destroy', (await ended).out])
    home.proxy.after = undefined
    await run(...CREATE, '--verbose')
    expect(leaks()).toEqual([])
  })

  it('destroy, and a create that restores the secret with its old passwords', { timeout: 120_000 }, async () => {
    home.proxy.rules = [refused('secretsmanager.PutSecretValue', 'InvalidRequestException', { times: 1 })]
    await run(...DESTROY, '--verbose')
    home.proxy.rules = []
    const down = await run(...DESTROY, '--json', '--verbose')
    expect(down.code, down.out).toBe(0)
    home.proxy.rules = [refused('rds.CreateDBInstance', 'InvalidParameterValue', { times: 1 })]
    await run(...CREATE, '--verbose')
    home.proxy.rules = []
    const up = await run(...CREATE, '--verbose')
    expect(up.code, up.out).toBe(0)
    const [[, object = {}] = []] = await values()
    expect(object.stripe_secret_key).toBe(TYPED)
    expect(leaks()).toEqual([])
  })

  it('the search finds what leaks: in a file, in a form, in an argument', () => {
    const [one = ''] = secrets
    const file = join(home.dir, 'state', 'leaked.json')
    writeFileSync(file, JSON.stringify({ password: one }))
    heard.push(['a form', `MasterUserPassword=${encodeURIComponent(TYPED)}`], ['nothing', 'nothing'])
    expect(leaks()).toEqual(expect.arrayContaining(['a form', file]))
    expect(leaks()).not.toContain('nothing')
  })
})
