import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { classify } from '../../src/aws/trouble.ts'
import { operationsOn, PASSWORD } from './operations.ts'
import { failure, type Place, placeOn, programs } from './support.ts'

describe.each(programs)('a database of PostgreSQL $version', ({ bin }) => {
  let place: Place
  beforeAll(async () => {
    place = await placeOn({ bin })
  })
  afterAll(() => place?.close())
  const { names, database, login, createRole, createDatabase } = operationsOn(() => place)

  it('belongs to its owner, with encoding and collation, and is closed to all others', async () => {
    const { role: name, database: db } = names()
    await createRole(name)
    await createDatabase(db, name, { collation: 'en_US.UTF-8' })
    expect(await database(db)).toEqual({
      name: db,
      owner: name,
      encoding: 'UTF8',
      collation: 'en_US.UTF-8',
      publicConnect: false,
      sessions: 0,
    })
    const rows = await place.ask(
      `SELECT datctype, has_database_privilege('pg_monitor', oid, 'CONNECT') AS connect,
       has_database_privilege('pg_monitor', oid, 'TEMP') AS temp FROM pg_database WHERE datname = '${db}'`,
    )
    expect(rows).toEqual([{ datctype: 'en_US.UTF-8', connect: false, temp: false }])
  })

  it('without a collation it has the server’s own; another one is as wanted', async () => {
    const { role: name, database: db } = names()
    await createRole(name)
    await createDatabase(db, name)
    await createDatabase(`${db}_c`, name, { collation: 'C' })
    const home = await database('postgres')
    expect((await database(db))?.collation).toBe(home?.collation)
    expect((await database(`${db}_c`))?.collation).toBe('C')
  })

  it('a collation that the server does not know is named', async () => {
    const { role: name, database: db } = names()
    await createRole(name)
    const error = await failure(createDatabase(db, name, { collation: 'xx_YY.UTF-8' }))
    expect(error.message).toMatch(/does not know this collation: .*xx_YY/)
    expect(error.next).toContain('databases.collation')
  })

  it('a second one of the same name is refused; with an owner that is not there, too', async () => {
    const { role: name, database: db } = names()
    await createRole(name)
    await createDatabase(db, name)
    expect(classify(await failure(createDatabase(db, name)))).toBe('exists')
    expect(classify(await failure(createDatabase(`${db}_2`, 'nobody-there')))).toBe('gone')
  })

  it('two at the same instant: one is made, the other one hears that it is there', async () => {
    const { role: name, database: db } = names()
    await createRole(name)
    const another = place.open()
    const create = { server: place.server, name: db, owner: name, encoding: 'UTF8', collation: '' }
    const results = await Promise.allSettled([place.send('CreateDatabase', create), another.send('CreateDatabase', create)])
    const refused = results.flatMap((r) => (r.status === 'rejected' ? [classify(r.reason)] : []))
    expect(refused).toEqual(['exists'])
    expect(await database(db)).toMatchObject({ owner: name })
  })

  it('is handed over and closed again, with what is in it', async () => {
    const { role: name, database: db } = names()
    await createRole(name)
    await createRole(`${name}_next`)
    await place.ask(`CREATE DATABASE ${db}`)
    expect(await database(db)).toMatchObject({ owner: 'postgres', publicConnect: true })
    for (const owner of [name, `${name}_next`, `${name}_next`]) {
      await place.ask(`GRANT CONNECT ON DATABASE ${db} TO PUBLIC`)
      await place.send('AlterDatabase', { server: place.server, name: db, owner })
      expect(await database(db)).toMatchObject({ owner, publicConnect: false })
      expect(await login(owner, PASSWORD, db)).toBe('ok')
    }
    expect(await login(name, PASSWORD, db)).toBe('barred')
  })

  it('is not dropped while somebody is connected, who is named; by force it is', async () => {
    const { role: name, database: db } = names()
    await createRole(name)
    await createDatabase(db, name)
    const client = new pg.Client({
      ...{ host: place.pg.host, port: place.pg.port, user: name, password: PASSWORD, database: db },
      application_name: 'shop web',
    })
    await client.connect()
    const ended = new Promise((done) => client.on('error', done))
    expect((await database(db))?.sessions).toBe(1)
    const [who = '', ...more] = await place.send('Sessions', { server: place.server, database: db })
    expect(who).toMatch(new RegExp(`^${name} shop web from 127\\.0\\.0\\.1 since \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d$`))
    expect(more).toEqual([])
    await place.send('DropDatabase', { server: place.server, name: db, force: true })
    await ended
    expect(await database(db)).toBeUndefined()
    expect(await place.send('Sessions', { server: place.server, database: db })).toEqual([])
    expect(classify(await failure(place.send('DropDatabase', { server: place.server, name: db, force: false })))).toBe('gone')
  })

  it('a login to one that is not there says so', async () => {
    const { role: name } = names()
    await createRole(name)
    expect(await login(name, PASSWORD, 'not_there')).toBe('no-database')
  })

  it('what would close nothing is an error, not a warning', async () => {
    if (place.pg.version < 16) return
    const { role: name, database: db } = names()
    await createRole(name)
    await place.ask(`REVOKE ${name} FROM postgres; GRANT ${name} TO postgres WITH INHERIT FALSE, SET TRUE`)
    expect((await failure(createDatabase(db, name))).message).toContain('no privileges could be revoked')
  })
})
