import { ModifyDBInstanceCommand } from '@aws-sdk/client-rds'
import { PutSecretValueCommand, UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PgProxy, startPgProxy } from '../../support/pg-proxy.ts'
import { eachNth } from '../../support/some.ts'
import { refused } from '../support/refused.ts'
import { atCall, type Kill, type Phase, runAndKill, SECRET, SERVER, type Stack, startStack } from './stack.ts'

const APP = ['db', 'rotate-password', '--yes']
const MASTER = ['db', 'rotate-password', '--role', 'master', '--yes']
const NEW = /^[A-Za-z0-9]{32}$/
const USER = { password: 'django_app', master_password: 'postgres' } as const
type Key = keyof typeof USER

let x: Stack
let sql: PgProxy
const passwords: string[] = []
let said = ''

beforeAll(async () => {
  x = await startStack('0')
  const { Endpoint } = (await x.db()) ?? {}
  sql = await startPgProxy(Endpoint?.Port ?? 0)
  // The command goes through the proxy, this test past it.
  x.proxy.edit = (call, text) =>
    call.op === 'rds.DescribeDBInstances' ? text.replace(`<Port>${Endpoint?.Port}</Port>`, `<Port>${sql.port}</Port>`) : text
})
afterAll(async () => {
  await sql?.close()
  await x?.stop()
})

const run = async (...args: string[]) => {
  const r = await x.p.run(...args)
  said += r.all
  return r
}
const others = (values: Record<string, unknown>, key: string): object => ({ ...values, [key]: undefined })
const stages = async () =>
  Object.values(await x.stages()).flat() /** The new one counts, the old one is void, and nothing else has changed. */
const isRotated = async (before: Record<string, unknown>, key: Key): Promise<void> => {
  const after = await x.secret()
  passwords.push(String(after[key]))
  expect(after[key]).toMatch(NEW)
  expect(after[key]).not.toBe(before[key])
  expect(others(after, key)).toEqual(others(before, key))
  expect(await x.login(USER[key], after[key])).toBe(true)
  expect(await x.login(USER[key], before[key])).toBe(false)
  expect((await stages()).sort()).toEqual(['AWSCURRENT', 'AWSPREVIOUS'])
}

/** Kills the command where `arm` says, and runs it again. @returns false when that instant never came */
const killAndRepeat = async (args: string[], key: Key, arm: (kill: Kill) => void): Promise<boolean> => {
  const [before, labels] = [await x.secret(), await x.stages()]
  const killed = await runAndKill(x, args, arm)
  sql.onStatement = undefined
  sql.onDone = undefined
  sql.clear()
  const now = await x.secret()
  const pending = (await stages()).includes('AWSPENDING') ? await x.secret('AWSPENDING') : undefined
  if (pending) passwords.push(String(pending[key]))
  // Nobody is locked out, whatever the instant.
  expect([await x.login(USER[key], now[key]), pending !== undefined && (await x.login(USER[key], pending[key]))]).toContain(true)
  expect(others(now, key)).toEqual(others(before, key))
  // Where it had not begun, the world is the one before; where no label is left, it was over.
  if (!pending && JSON.stringify(await x.stages()) !== JSON.stringify(labels)) await isRotated(before, key)
  if (!pending) return killed
  const again = await run(...args)
  expect(again.code, again.all).toBe(0)
  expect(again.stdout).toContain('was begun by a run before this one')
  await isRotated(before, key)
  expect((await x.secret())[key], 'a third password was made').toBe(pending[key])
  return killed
}

const changing = (c: { changing: boolean }): boolean => c.changing
const whole = async (args: string[], key: Key) => {
  const before = await x.secret()
  x.proxy.clear()
  sql.clear()
  const r = await run(...args)
  expect(r.code, r.all).toBe(0)
  await isRotated(before, key)
  return { calls: [...x.proxy.log], statements: sql.statements.length, screen: r }
}
const atStatement =
  (nth: number, phase: Phase) =>
  (kill: Kill): void => {
    sql.clear()
    const end = async (k: number): Promise<void> => void (k === nth && (await kill()))
    if (phase === 'before') {
      sql.cut(nth, 'before', true)
      sql.onStatement = end
    } else sql.onDone = end
  }

describe("the application's password", () => {
  it('is exchanged: in the server and in the secret, and nothing else', async () => {
    const { screen } = await whole(APP, 'password')
    expect(screen.stdout).toContain('Applications that run keep the old one in memory')
    expect(screen.stdout).toContain('django_app logs in with the new password')
    expect(screen.stdout).toMatch(/Next: infra db verify\n$/)
    expect((await run('db', 'verify')).code).toBe(0)
    expect((await run('plan')).stdout).toContain('Everything is as the config wants it')
  })

  it('killed at every call of AWS and run again: one new password, and nobody is locked out', async () => {
    const { calls } = await whole(APP, 'password')
    expect(calls.filter(changing).map((c) => c.op)).toEqual([
      'secretsmanager.PutSecretValue',
      'secretsmanager.UpdateSecretVersionStage',
      'secretsmanager.UpdateSecretVersionStage',
    ])
    for (const { n } of eachNth(calls, 3)) expect(await killAndRepeat(APP, 'password', atCall(x, n, 'before'))).toBe(true)
    for (const { n } of calls.filter(changing)) expect(await killAndRepeat(APP, 'password', atCall(x, n, 'after'))).toBe(true)
  })

  it('killed at every statement and run again', async () => {
    const { statements } = await whole(APP, 'password')
    expect(statements).toBeGreaterThanOrEqual(2)
    for (let nth = 1; nth <= statements; nth++)
      for (const phase of ['before', 'after'] as const) {
        expect(await killAndRepeat(APP, 'password', atStatement(nth, phase)), `${phase} ${nth}`).toBe(true)
      }
  })

  it('what somebody else writes into the secret meanwhile is kept', async () => {
    const before = await x.secret()
    let met = 0
    x.proxy.before = async (call) => {
      if (!call.op.endsWith('UpdateSecretVersionStage') || met++ > 0) return
      const SecretString = JSON.stringify({ ...before, stripe_secret_key: 'sk_live_1', added: 'yes' })
      await x.secrets.send(new PutSecretValueCommand({ SecretId: SECRET, SecretString }))
    }
    const r = await run(...APP)
    x.proxy.before = undefined
    expect(r.code, r.all).toBe(0)
    await isRotated({ ...before, stripe_secret_key: 'sk_live_1', added: 'yes' }, 'password')
  })
})

describe("the master user's password", () => {
  it('killed at every call that changes something, and run again', async () => {
    const { calls } = await whole(MASTER, 'master_password')
    const points = calls.filter(changing)
    expect(points.map((c) => c.op.split('.')[1])).toEqual([
      'PutSecretValue',
      'ModifyDBInstance',
      'UpdateSecretVersionStage',
      'UpdateSecretVersionStage',
    ])
    for (const { n } of points.slice(1)) expect(await killAndRepeat(MASTER, 'master_password', atCall(x, n, 'before'))).toBe(true)
    for (const { n } of points) expect(await killAndRepeat(MASTER, 'master_password', atCall(x, n, 'after'))).toBe(true)
    expect((await run('db', 'verify')).code).toBe(0)
  })

  it('finishes first what was begun with that of the application: the secret holds one new version at a time', async () => {
    const before = await x.secret()
    await runAndKill(x, APP, (kill) => {
      x.proxy.before = (call) => (call.op.endsWith('UpdateSecretVersionStage') ? kill() : undefined)
    })
    const pending = await x.secret('AWSPENDING')
    const r = await run(...MASTER)
    expect(r.code, r.all).toBe(0)
    expect(r.stdout).toContain('~ finish  the password of django_app')
    const after = await x.secret()
    expect(after.password).toBe(pending.password)
    expect(after.master_password).not.toBe(before.master_password)
    for (const key of ['password', 'master_password'] as const) {
      passwords.push(String(after[key]))
      expect(await x.login(USER[key], after[key])).toBe(true)
      expect(await x.login(USER[key], before[key])).toBe(false)
    }
    expect((await stages()).sort()).toEqual(['AWSCURRENT', 'AWSPREVIOUS'])
  })

  it('killed between server and secret: infra itself goes on with the new one and names at once what finishes it', async () => {
    const before = await x.secret()
    await runAndKill(x, MASTER, (kill) => {
      x.proxy.after = (call) => (call.op === 'rds.ModifyDBInstance' ? kill() : undefined)
    })
    // The window: who reads the secret is refused.
    expect((await x.secret()).master_password).toBe(before.master_password)
    expect(await x.login('postgres', before.master_password)).toBe(false)
    const NEXT = 'To finish it: infra db rotate-password --role master'
    for (const args of [['create', '--yes'], ['db', 'verify'], ['db', 'list'], ['plan']]) {
      const r = await run(...args)
      expect(r.code, r.all).toBe(0)
      expect(r.stderr.split(NEXT)).toHaveLength(2)
    }
    expect((await run('db', 'rotate-password', '--role', 'master', '--yes')).code).toBe(0)
    await isRotated(before, 'master_password')
    expect((await run('db', 'verify')).stderr).not.toContain(NEXT)
  })

  it('changed by somebody else: the refusal names the command that sets a new one', async () => {
    const { master_password } = await x.secret()
    const set = (MasterUserPassword: unknown) =>
      x.rds.send(
        new ModifyDBInstanceCommand({
          DBInstanceIdentifier: SERVER,
          MasterUserPassword: String(MasterUserPassword),
          ApplyImmediately: true,
        }),
      )
    await set('somebody-elses-password')
    expect(refused(await run('db', 'list')).stderr).toMatch(
      /The database server refuses postgres: .*\nNext: .* a new one: infra db rotate-password --role master\n/,
    )
    await set(master_password)
  })
})

describe('refused, and nothing is changed', () => {
  const no = async (...args: string[]) => {
    x.proxy.clear()
    const r = refused(await x.p.run('db', 'rotate-password', ...args))
    expect(x.proxy.changing()).toEqual([])
    return r.stderr
  }

  it('a role that there is not, and a way in that leads nowhere', async () => {
    expect(await no('--role', 'startupwebapp_prod', '--yes')).toMatch(
      /^--role is startupwebapp_prod: all databases have one role .* app or master\.\nNext: infra db rotate-password --role app\n$/,
    )
    expect(await no('--via', 'print', '--yes')).toMatch(/^--via is print: it must be one of/)
  })

  it('a server that nobody can reach', async () => {
    sql.clear()
    sql.cut(1, 'before', true)
    expect(await no('--yes')).toMatch(/^The connection to 127\.0\.0\.1:\d+ broke off/)
    sql.clear()
  })

  it('without a terminal and --yes', async () => {
    x.proxy.clear()
    const r = await x.p.run('db', 'rotate-password')
    expect(r.code).toBe(2)
    expect(r.stderr).toContain('Next: infra db rotate-password --role app --yes\n')
    expect(x.proxy.changing()).toEqual([])
  })

  it('a version AWSPENDING that infra did not write', async () => {
    const SecretString = JSON.stringify(await x.secret())
    const put = new PutSecretValueCommand({ SecretId: SECRET, SecretString, VersionStages: ['AWSPENDING'] })
    const { VersionId } = await x.secrets.send(put)
    expect(await no('--yes')).toMatch(
      new RegExp(`has a version AWSPENDING that infra did not write.*--remove-from-version-id ${VersionId}\n$`, 's'),
    )
    await x.secrets.send(
      new UpdateSecretVersionStageCommand({ SecretId: SECRET, VersionStage: 'AWSPENDING', RemoveFromVersionId: VersionId }),
    )
  })
})

it('no password was ever on a screen, in the state or in a result', async () => {
  const r = await run(...APP, '--verbose')
  expect(r.code).toBe(0)
  const json = await run(...APP, '--json')
  const result = JSON.parse(json.stdout.trim().split('\n').at(-1) ?? '')
  expect(result).toMatchObject({ type: 'result', role: 'django_app', key: 'password', resumed: false })
  const all = `${said}${JSON.stringify(await x.p.state())}`
  expect(passwords.length).toBeGreaterThan(30)
  for (const password of [...passwords, ...Object.values(await x.secret()).filter((v) => NEW.test(String(v)))])
    expect(all).not.toContain(password)
})
