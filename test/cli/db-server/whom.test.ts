import { expect, it } from 'vitest'
import { whomOf } from '../../../src/commands/database/rotate-whom.ts'
import type { Session } from '../../../src/session/session.ts'
import type { Row } from '../../../src/state/schema.ts'

const row = (type: string, name: string, want: Row['want'], more: Partial<Row> = {}): Row => ({
  type,
  step: 'rds',
  name,
  is: 'ready',
  want,
  deps: [],
  token: '',
  at: '',
  attrs: { arn: `arn:${name}` },
  ...more,
})
const ROWS: Record<string, Row> = {
  'db-instance': row('rds.db-instance', 'shop-db', {
    passwordSecret: 'arn:shop',
    passwordKey: 'master_password',
    masterUsername: 'postgres',
  }),
  'database-secret': row('secretsmanager.secret', 'shop', {}),
  'sql-role-shop': row('sql.role', 'shop', { passwordSecret: 'arn:tenant', passwordKey: 'password' }),
}
const session = (roles: 'shared' | 'perDatabase', rows = ROWS): Session => {
  const map = new Map(Object.entries(rows))
  const config = { databases: { roles, names: ['shop', 'club'], appUser: 'shop_app' } }
  return { g: {}, config, state: { row: (k: string) => map.get(k), all: () => map } } as unknown as Session
}

it('master is the master user; with a role for each database, a name is that of a role and its own secret', () => {
  expect(whomOf(session('perDatabase'), 'master')).toEqual({
    secret: 'arn:shop',
    key: 'master_password',
    of: 'master',
    user: 'postgres',
  })
  expect(whomOf(session('perDatabase'), 'shop')).toEqual({ secret: 'arn:tenant', key: 'password', of: 'app', user: 'shop' })
})

it.each([
  ['shared', 'shop', '--role is shop', 'infra db rotate-password --role app'],
  ['shared', 'app', 'The role shop_app is not made yet', 'infra create databases'],
  ['perDatabase', 'app', '--role is app', 'infra db rotate-password --role shop'],
  ['perDatabase', 'clubb', '--role is clubb', 'infra db rotate-password --role club'],
  ['perDatabase', 'club', 'The role club is not made yet', 'infra create databases'],
] as const)('%s, %s: %s', (roles, role, what, next) => {
  expect(() => whomOf(session(roles), role)).toThrow(expect.objectContaining({ what, next, exitCode: 2 }))
})

it.each([
  ['the server', 'db-instance', 'master'],
  ['its secret', 'database-secret', 'master'],
  ['the role', 'sql-role-shop', 'shop'],
])('%s that was there before infra is left alone', (_, key, role) => {
  const rows = Object.fromEntries(Object.entries(ROWS).map(([k, r]) => [k, k === key ? { ...r, adopted: true } : r]))
  expect(() => whomOf(session('perDatabase', rows), role)).toThrow(expect.objectContaining({ exitCode: 2 }))
})
