import { DBInstanceNotFoundFault } from '@aws-sdk/client-rds'
import { describe, expect, it } from 'vitest'
import type { DatabaseSeen, RoleSeen } from '../../../src/aws/sql.ts'
import { Database } from '../../../src/kinds/sql/database.ts'
import { DatabaseRole } from '../../../src/kinds/sql/role.ts'
import { failure } from '../../database/support.ts'
import { type Answers, aws, awsError, cloud, stamp } from '../support/cloud.ts'

const place = { name: 'shop', server: 'shop-db', secret: 'rds/shop' }
const role = {
  ...place,
  passwordSecret: 'rds/shop/app',
  passwordKey: 'password',
  password: 'as in the secret',
  usable: true,
} as const
const database = { ...place, owner: 'shop', encoding: 'UTF8', collation: 'en_US.UTF-8', publicConnect: false }
const last = { ...place, verified: 'ssm 2026-01-31' }
const fresh = { ...stamp, token: '' }

const instance = (more: object = {}): Answers => ({
  DescribeDBInstances: {
    DBInstances: [
      {
        DBInstanceIdentifier: place.server,
        DBInstanceStatus: 'available',
        Engine: 'postgres',
        Endpoint: { Address: 'db.example.com', Port: 5432 },
        ...more,
      },
    ],
  },
})
const gone: Answers = { DescribeDBInstances: new DBInstanceNotFoundFault({ message: 'gone', $metadata: {} }) }
const inside = (roles: RoleSeen[], databases: DatabaseSeen[] = [], more: object = {}): Answers => ({
  ...instance(more),
  Look: { is: 'open', via: 'direct', inside: { version: '16.4', roles, databases } },
})
const theRole: RoleSeen = { name: 'shop', login: true, granted: true }
const theDatabase: DatabaseSeen = { ...database, sessions: 0 }
const mysql = { Engine: 'mysql' }

const kinds = [
  ['role', DatabaseRole, role],
  ['database', Database, database],
] as const

describe.each(kinds)('a %s of a server that lets nobody in', (_, kind, want) => {
  it.each([
    ['is stopped', instance({ DBInstanceStatus: 'stopped' }), 'the server is stopped'],
    ['is being upgraded', instance({ DBInstanceStatus: 'upgrading' }), 'the server is upgrading'],
    ['has no address yet', instance({ DBInstanceStatus: 'modifying', Endpoint: undefined }), 'the server is modifying'],
    ['no way leads to', { ...instance(), Look: { is: 'closed', why: 'databases.via is print' } }, 'databases.via is print'],
  ])('because it %s: what is recorded must do', async (_, answers, why) => {
    const account = cloud(answers)
    expect(await kind.observe(aws, stamp, want as never, last)).toEqual({
      is: 'ready',
      attrs: last,
      note: 'verified ssm 2026-01-31',
      unseen: why,
    })
    expect(await kind.observe(aws, stamp, want as never, place)).toEqual({ is: 'pending', attrs: place, note: why, unseen: why })
    expect(await kind.observe(aws, fresh, want as never)).toEqual({ is: 'absent', note: `not looked at: ${why}` })
    expect(account.sent.map(([operation]) => operation)).not.toContain('Login')
  })

  it.each([
    ['is gone', gone],
    ['is being deleted', instance({ DBInstanceStatus: 'deleting' })],
  ])('because it %s: nothing is there', async (_, answers) => {
    cloud(answers)
    expect(await kind.observe(aws, stamp, want as never, last)).toEqual({ is: 'absent' })
  })

  it('cannot be changed, and what to do is said', async () => {
    for (const [answers, what, next] of [
      [gone, 'The database server shop-db is not there', 'Create it first: infra create rds'],
      [instance({ DBInstanceStatus: 'stopped' }), 'The database server shop-db is stopped', 'infra db start'],
      [instance({ DBInstanceStatus: 'rebooting' }), 'The database server shop-db is rebooting', /some minutes/],
    ] as const) {
      cloud(answers)
      for (const attempt of [
        () => kind.create(aws, want as never, stamp),
        () => kind.update?.(aws, last, want as never, []),
        () => kind.delete(aws, last, {}),
      ])
        expect(await failure((async () => attempt())())).toMatchObject({ what, next: expect.stringMatching(next) })
    }
  })

  it('is looked into with the secret that is wanted now: it may have been made anew', async () => {
    const account = cloud({ ...inside([theRole], [theDatabase]), Login: 'ok' })
    const seen = await kind.observe(aws, stamp, { ...want, secret: 'rds/new' } as never, last)
    expect(seen).toMatchObject({ is: 'ready', attrs: { secret: 'rds/new' } })
    expect(account.sent).toContainEqual(['Look', { server: expect.objectContaining({ secret: 'rds/new' }) }])
  })
})

describe('a role whose password', () => {
  it.each([
    ['lets it in', 'ok', 'as in the secret'],
    ['is right, though it may not connect where it was tried', 'barred', 'as in the secret'],
    ['is another', 'wrong-password', 'another'],
    ['could not be tried', 'closed', undefined],
  ])('%s', async (_, login, password) => {
    cloud({ ...inside([theRole]), Login: login })
    const seen = await DatabaseRole.observe(aws, fresh, role)
    expect(seen).toMatchObject({ is: 'ready' })
    if (seen.is === 'absent') return
    expect(seen.props?.password).toBe(password)
    expect(seen.foreign !== undefined).toBe(password === 'another')
  })

  it.each([
    ['is not there', 'ResourceNotFoundException', "Secrets Manager can't find the specified secret."],
    [
      'is to be deleted',
      'InvalidRequestException',
      "You can't perform this operation on the secret because it was marked for deletion.",
    ],
  ])('stood in a secret that %s: it will get another', async (_, error, message) => {
    cloud({ ...inside([theRole]), Login: awsError(error, message) })
    expect(await DatabaseRole.observe(aws, stamp, role, last)).toMatchObject({ props: { password: 'another' } })
    expect(await DatabaseRole.observe(aws, fresh, role)).toHaveProperty('foreign')
  })

  it('is never tried where it may not log in', async () => {
    const account = cloud(inside([{ ...theRole, login: false }]))
    expect(await DatabaseRole.observe(aws, stamp, role, last)).toMatchObject({ props: { usable: false } })
    expect(account.sent.map(([operation]) => operation)).toEqual(['DescribeDBInstances', 'Look'])
  })

  it('is tried in PostgreSQL’s own database, and in MySQL in none', async () => {
    for (const [engine, home] of [
      ['postgres', 'postgres'],
      ['mysql', ''],
      ['mariadb', ''],
    ]) {
      const account = cloud({ ...inside([theRole], [], { Engine: engine }), Login: 'ok' })
      await DatabaseRole.observe(aws, stamp, role, last)
      expect(account.sent.at(-1)).toEqual(['Login', expect.objectContaining({ role: 'shop', database: home })])
    }
  })
})

describe('a database', () => {
  it.each(['en_US.UTF-8', 'en_US.utf8', 'en_us.UTF8'])('with the collation %s is as wanted', async (collation) => {
    cloud(inside([], [{ ...theDatabase, collation }]))
    expect(await Database.observe(aws, fresh, database)).toMatchObject({ props: { collation: 'en_US.UTF-8' } })
  })

  it.each(['en_US', 'en_US.ISO-8859-1', 'en_GB.UTF-8', 'C.UTF-8'])('with the collation %s is not', async (collation) => {
    cloud(inside([], [{ ...theDatabase, collation }]))
    expect(await Database.observe(aws, fresh, database)).toMatchObject({ props: { collation } })
  })

  it('of MySQL belongs to its owner, whoever else has all rights', async () => {
    cloud(inside([], [{ ...theDatabase, owner: 'a_report', owners: ['a_report', 'shop'] }], mysql))
    const seen = await Database.observe(aws, fresh, database)
    expect(seen).toMatchObject({ props: { owner: 'shop' } })
    expect(seen).not.toHaveProperty('foreign')
  })

  it('of MySQL that belongs to nobody is ours when a run was killed while it made it, and else nobody knows whose', async () => {
    cloud(inside([], [{ ...theDatabase, owner: '', owners: [] }], mysql))
    expect(await Database.observe(aws, stamp, database)).not.toHaveProperty('foreign')
    expect(await Database.observe(aws, fresh, database)).toMatchObject({ foreign: expect.stringContaining('belongs to nobody') })
  })

  it('of somebody else is not ours for an intent that was never carried out', async () => {
    cloud(inside([], [{ ...theDatabase, owner: 'other' }]))
    for (const by of [stamp, fresh])
      expect(await Database.observe(aws, by, database)).toMatchObject({
        foreign: 'the database shop of shop-db, which belongs to other',
      })
    expect(await Database.observe(aws, fresh, database, place)).not.toHaveProperty('foreign')
  })
})

it('what keeps a role: its databases, as far as one can look', async () => {
  cloud(inside([theRole], [theDatabase, { ...theDatabase, name: 'other', owner: 'other' }]))
  expect(await DatabaseRole.blockers?.(aws, last)).toEqual([{ what: 'the database shop, which belongs to it' }])
  cloud({ ...instance(), Look: { is: 'closed', why: 'no way' } })
  expect(await DatabaseRole.blockers?.(aws, last)).toEqual([])
})
