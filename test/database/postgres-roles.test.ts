import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { classify } from '../../src/aws/trouble.ts'
import { OTHER, operationsOn, PASSWORD } from './operations.ts'
import { failure, logAll, type Place, placeOn, programs } from './support.ts'

describe.each(programs)('a role of PostgreSQL $version', ({ bin }) => {
  let place: Place
  beforeAll(async () => {
    place = await placeOn({ bin })
    await logAll(place)
  })
  afterAll(() => place?.close())
  const { names, role, login, createRole, alterRole, createDatabase } = operationsOn(() => place)

  it('logs in with the password of the secret, and the master user may act as it', async () => {
    const { role: name } = names()
    await createRole(name)
    expect(await role(name)).toEqual({ name, login: true, granted: true })
    expect(await login(name, PASSWORD)).toBe('ok')
    expect(await login(name, OTHER)).toBe('wrong-password')
    expect(await place.ask('SELECT current_user::text', { user: name, password: PASSWORD })).toEqual([{ current_user: name }])
  })

  it('may make neither roles nor databases', async () => {
    const { role: name } = names()
    await createRole(name)
    const as = { user: name, password: PASSWORD }
    await expect(place.ask('CREATE DATABASE mine', as)).rejects.toThrow(/permission denied/)
    await expect(place.ask('CREATE ROLE mine', as)).rejects.toThrow(/permission denied/)
  })

  it('a second one of the same name is refused, and says so', async () => {
    const { role: name } = names()
    await createRole(name)
    const error = await failure(createRole(name, OTHER))
    expect(error.name).toBe('RoleAlreadyExists')
    expect(classify(error)).toBe('exists')
    expect(await login(name, PASSWORD)).toBe('ok')
  })

  it('is altered as often as one likes: password, login, time and grant', async () => {
    const { role: name } = names()
    await createRole(name)
    await place.ask(`ALTER ROLE ${name} NOLOGIN PASSWORD '${OTHER}' VALID UNTIL '2020-01-01'`)
    await place.ask(`REVOKE ${name} FROM postgres`)
    expect(await role(name)).toEqual({ name, login: false, granted: false })
    for (let time = 1; time <= 2; time++) {
      await alterRole(name)
      expect(await role(name)).toEqual({ name, login: true, granted: true })
      expect(await login(name, PASSWORD)).toBe('ok')
    }
  })

  it('a grant that lacks INHERIT or SET is made whole', async () => {
    if (place.pg.version < 16) return
    const { role: name } = names()
    await createRole(name)
    for (const options of ['INHERIT FALSE, SET TRUE', 'INHERIT TRUE, SET FALSE']) {
      await place.ask(`REVOKE ${name} FROM postgres; GRANT ${name} TO postgres WITH ${options}`)
      expect((await role(name))?.granted, options).toBe(false)
      await alterRole(name)
      expect((await role(name))?.granted, options).toBe(true)
    }
  })

  it('is dropped; one that is not there is gone', async () => {
    const { role: name } = names()
    await createRole(name)
    await place.send('DropRole', { server: place.server, name })
    expect(await role(name)).toBeUndefined()
    expect(classify(await failure(place.send('DropRole', { server: place.server, name })))).toBe('gone')
  })

  it('is not dropped while a database belongs to it', async () => {
    const { role: name, database: db } = names()
    await createRole(name)
    await createDatabase(db, name)
    const error = await failure(place.send('DropRole', { server: place.server, name }))
    expect(classify(error)).toBe('in-use')
    expect(error.message).toContain(`owner of database ${db}`)
  })

  it('a role that has no connection left is not taken for one with another password', async () => {
    const { role: name } = names()
    await createRole(name)
    await place.ask(`ALTER ROLE ${name} CONNECTION LIMIT 0`)
    expect(await login(name, PASSWORD)).toBe('closed')
    expect(await login(name, OTHER)).toBe('wrong-password')
  })

  it('the log of the server, which holds every statement, holds no password', async () => {
    const log = await place.log()
    expect(log).toMatch(/statement: CREATE ROLE "r1" LOGIN PASSWORD 'SCRAM-SHA-256\$4096:/)
    expect(log).toContain('statement: ALTER ROLE')
    // The test itself writes one down, in clear.
    const ours = log.split('\n').filter((line) => !line.includes("NOLOGIN PASSWORD '"))
    for (const secret of [PASSWORD, OTHER, place.pg.master.password]) expect(ours.join('\n')).not.toContain(secret)
  })
})
