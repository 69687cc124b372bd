import { expect, it } from 'vitest'
import { rotated } from '../../../src/commands/database/rotate-screen.ts'
import type { Whom } from '../../../src/commands/database/rotate-whom.ts'
import { readConfig } from '../../../src/config/read.ts'
import type { Session } from '../../../src/session/session.ts'

const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/dev/database-AbCdEf'
const WHOM: Whom = { secret: ARN, key: 'password', of: 'app', user: 'shop_app' }
const service = (secrets: object) => ({ image: 'nginx', secrets })
const SERVICES = {
  web: service({ DB_PASSWORD: 'database:password' }),
  mail: service({ HOST: 'database:host' }),
  jobs: service({ DB_PASSWORD: `${ARN}:password` }),
  api: service({}),
}

const said = (
  whom: Whom,
  steps: readonly string[] = ['vpc', 'security-groups', 'secrets', 'rds', 'databases', 'ecs'],
  flags = {},
) => {
  const yaml = { project: 'shop', environment: 'dev', region: 'us-east-1', steps, ecs: { services: SERVICES } }
  const config = readConfig(yaml as never, {}, 'test')
  const lines: string[] = []
  const plain = (text: string): string => text
  const io = { json: false, c: { green: plain, cyan: plain }, say: (line = '') => lines.push(line) }
  // A deploy has given the API the password, too.
  const services = { api: { overlay: { secrets: { PW: 'database:password' }, since: { variables: {} } } } }
  const state = { facts: {}, services, row: (key: string) => (key === 'database-secret' ? { attrs: { arn: ARN } } : undefined) }
  const s = { config, io, state, caller: { account: '123456789012' }, g: flags } as unknown as Session
  const server = { id: 'shop-db', engine: 'postgres', host: '', port: 0, secret: ARN } as const
  expect(rotated(s, flags, { whom, server, resumed: false, first: undefined, took: 400 })).toBe(0)
  return lines.join('\n')
}

it('ends with the commands that restart what runs with the password, of this stack and with these flags', () => {
  const text = said(WHOM)
  expect(text).toMatch(
    /Restart what uses it: infra deploy web --force\n +infra deploy jobs --force\n +infra deploy api --force\n/,
  )
  expect(text).not.toContain('mail')
  expect(text).not.toContain('aws ecs')
  expect(said(WHOM, undefined, { sandbox: true })).toContain('infra deploy web --force --sandbox')
})

it('names none where no service of the stack uses it, and for the master user', () => {
  expect(said(WHOM, ['vpc', 'security-groups', 'secrets', 'rds', 'databases'])).toContain('Restart what uses it, so that')
  expect(said({ ...WHOM, key: 'master_password', of: 'master', user: 'postgres' })).not.toContain('Restart')
  expect(said({ ...WHOM, secret: 'shop/dev/databases/club' })).not.toContain('infra deploy')
})
