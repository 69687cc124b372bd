import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { describe, expect, it } from 'vitest'
import { classify } from '../../src/aws/trouble.ts'
import { skipped } from '../support/skipped.ts'
import { mysqlServer, none, url } from './mysql-server.ts'
import { failure } from './support.ts'

describe.skipIf(none)(skipped('a MySQL server', none), () => {
  const { secrets, server, master, open, sql, ask, inside, database, made, createRole, createDatabase, login } = mysqlServer()

  it('a role logs in with its password, from any address', async () => {
    await createRole('r1')
    expect((await inside()).roles.find((r) => r.name === 'r1')).toEqual({ name: 'r1', login: true, granted: true })
    expect(await login('r1', '')).toBe('ok')
    expect(await login('r1', '', 'another')).toBe('wrong-password')
    expect(classify(await failure(createRole('r1')))).toBe('exists')
  })

  it('a role is altered: password, lock and expiry; and dropped', async () => {
    await createRole('r2')
    await ask("ALTER USER r2 IDENTIFIED BY 'another' PASSWORD EXPIRE ACCOUNT LOCK")
    expect((await inside()).roles.find((r) => r.name === 'r2')?.login).toBe(false)
    await ask('ALTER USER r2 ACCOUNT UNLOCK')
    expect(await login('r2', '', 'another')).toBe('wrong-password')
    await ask('ALTER USER r2 ACCOUNT LOCK')
    await sql.send('AlterRole', { server, name: 'r2', password: secrets.give('of r2', 'Password0of 2') })
    expect(await login('r2', '')).toBe('ok')
    await sql.send('DropRole', { server, name: 'r2' })
    expect(classify(await failure(sql.send('DropRole', { server, name: 'r2' })))).toBe('gone')
    const alter = { server, name: 'r2', password: secrets.give('of r2', 'x') }
    expect(classify(await failure(sql.send('AlterRole', alter)))).toBe('gone')
  })

  it('a database belongs to one role and is closed to others, though its name looks like a pattern', async () => {
    await createRole('shop')
    await createRole('other')
    await createDatabase('my_shop', 'shop', 'utf8mb4_0900_ai_ci')
    await createDatabase('myXshop', 'other')
    expect(await database('my_shop')).toEqual({
      ...{ name: 'my_shop', owner: 'shop', owners: ['shop'], encoding: 'utf8mb4', collation: 'utf8mb4_0900_ai_ci' },
      ...{ publicConnect: false, sessions: 0 },
    })
    expect(await login('shop', 'my_shop')).toBe('ok')
    expect(await login('shop', 'myXshop')).toBe('barred')
    expect(await login('other', 'my_shop')).toBe('barred')
    await ask('CREATE TABLE t (id int)', { user: 'shop', password: 'Password0of 4', database: 'my_shop' })
    await expect(ask('SELECT * FROM my_shop.t', { user: 'other', password: 'Password0of 5' })).rejects.toMatchObject({
      errno: 1142,
    })
  })

  it('one that is there already, one that is not there, an owner that is not there', async () => {
    await createRole('r3')
    await createDatabase('d3', 'r3')
    expect(classify(await failure(createDatabase('d3', 'r3')))).toBe('exists')
    expect(classify(await failure(sql.send('DropDatabase', { server, name: 'not_there', force: false })))).toBe('gone')
    const error = await failure(createDatabase('d3_2', 'nobody'))
    expect(classify(error)).toBe('gone')
    // Made, and nobody's: as a run leaves it that is killed between the two statements.
    expect(await database('d3_2')).toMatchObject({ owner: '', owners: [] })
    await sql.send('AlterDatabase', { server, name: 'd3_2', owner: 'r3' })
    expect(await database('d3_2')).toMatchObject({ owner: 'r3' })
  })

  it('all who have all rights are told; one with fewer is none of them', async () => {
    await createRole('r4')
    await createRole('r4_a')
    await createRole('r4_b')
    await createDatabase('d4', 'r4')
    await ask('GRANT ALL PRIVILEGES ON d4.* TO r4_a')
    await ask('GRANT ALL PRIVILEGES ON d4.* TO r4_b')
    await ask('REVOKE TRIGGER ON d4.* FROM r4_b')
    const found = await database('d4')
    expect([...(found?.owners ?? [])].sort()).toEqual(['r4', 'r4_a'])
  })

  it('is handed over: who had all rights has none; who had fewer keeps them', async () => {
    for (const name of ['r8', 'r8_next', 'r8_reads']) await createRole(name)
    await createDatabase('d_8', 'r8')
    await ask('GRANT SELECT ON `d\\_8`.* TO r8_reads')
    await sql.send('AlterDatabase', { server, name: 'd_8', owner: 'r8_next' })
    expect(await database('d_8')).toMatchObject({ owner: 'r8_next', owners: ['r8_next'] })
    expect(await login('r8', 'd_8')).toBe('barred')
    expect(await login('r8_reads', 'd_8')).toBe('ok')
  })

  it('rights on one that is gone are gone with it, and left-over ones open no new one of that name', async () => {
    for (const name of ['r9', 'r9_next', 'r9_reads']) await createRole(name)
    await createDatabase('d_9', 'r9')
    await sql.send('DropDatabase', { server, name: 'd_9', force: false })
    expect(await ask("SELECT User FROM mysql.db WHERE User = 'r9'")).toEqual([])
    await ask('GRANT ALL PRIVILEGES ON `d\\_9`.* TO r9')
    await ask('GRANT SELECT ON d_9.* TO r9_reads')
    await createDatabase('d_9', 'r9_next')
    for (const name of ['r9', 'r9_reads']) expect(await login(name, 'd_9'), name).toBe('barred')
    expect(await login('r9_next', 'd_9')).toBe('ok')
  })

  it('is not dropped while somebody is connected, who is named; by force it is', async () => {
    await createRole('r5')
    await createDatabase('d5', 'r5')
    const client = await createConnection({ ...master, user: 'r5', password: 'Password0of 2', database: 'd5' })
    expect((await database('d5'))?.sessions).toBe(1)
    const error = await failure(sql.send('DropDatabase', { server, name: 'd5', force: false }))
    expect(classify(error)).toBe('in-use')
    expect(error.message).toMatch(/in use by r5 from /)
    expect(await sql.send('Sessions', { server, database: 'd5' })).toEqual([expect.stringMatching(/^r5 from /)])
    await sql.send('DropDatabase', { server, name: 'd5', force: true })
    expect(await database('d5')).toBeUndefined()
    await client.end()
  })

  it.each(['', 'NO_BACKSLASH_ESCAPES', 'ANSI_QUOTES', 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'])(
    'hostile names and passwords, in the mode %j',
    async (mode) => {
      await ask(`SET GLOBAL sql_mode = '${mode}'`)
      const other = open()
      try {
        const hostile = [
          '`; DROP DATABASE mysql; --',
          "'",
          '"',
          '\\',
          "\\'",
          'a.b',
          '%',
          '_',
          '\\_',
          '\\\\_x%',
          'ä',
          '漢字',
          'A b',
          'a\nb',
        ]
        for (const name of hostile) {
          const plain = `Password ' '' " \` % _ ${name.replaceAll('\\', '')}`
          const password = secrets.give('hostile', plain)
          made.roles.push(name)
          made.databases.push(name)
          await other.send('CreateRole', { server, name, password })
          await other.send('AlterRole', { server, name, password })
          await other.send('CreateDatabase', { server, name, owner: name, encoding: 'utf8mb4', collation: 'utf8mb4_bin' })
          expect(await database(name), name).toMatchObject({ name, owner: name, collation: 'utf8mb4_bin' })
          expect(await other.send('Login', { server, role: name, password, database: name }), name).toBe('ok')
          expect(await other.send('Sessions', { server, database: name })).toEqual(expect.any(Array))
          await other.send('DropDatabase', { server, name, force: true })
          await other.send('DropRole', { server, name })
        }
      } finally {
        await ask('SET GLOBAL sql_mode = DEFAULT')
      }
    },
  )

  it('rights go by the name also when the server takes no patterns', async () => {
    await createRole('r6')
    await createRole('r6_x')
    await createDatabase('d_6', 'r6')
    await createDatabase('dx6', 'r6_x')
    await ask('SET GLOBAL partial_revokes = ON')
    try {
      // Switched on later: the old right counts no more, which is seen and fixed.
      expect(await login('r6', 'd_6')).toBe('barred')
      expect(await database('d_6')).toMatchObject({ owner: '' })
      await sql.send('AlterDatabase', { server, name: 'd_6', owner: 'r6' })
      await createDatabase('e\\_%6', 'r6')
      for (const name of ['d_6', 'e\\_%6']) {
        expect(await database(name)).toMatchObject({ owner: 'r6' })
        expect(await login('r6', name)).toBe('ok')
      }
      expect(await login('r6', 'dx6')).toBe('barred')
    } finally {
      await ask('SET GLOBAL partial_revokes = OFF')
    }
  })

  it('a password with a backslash is refused', async () => {
    expect((await failure(createRole('r7', 'back\\slash'))).message).toContain('a backslash, which MySQL reads in two ways')
  })

  it('a master password that is wrong, and a server that is not there', async () => {
    secrets.values.wrong = { master_username: url.username, master_password: 'wrong' }
    const error = await failure(sql.send('Look', { server: { ...server, id: 'x', secret: 'wrong', port: server.port } }))
    expect(error.message).toContain('is not the one that it knows')
    expect((await failure(sql.send('Look', { server: { ...server, port: 1 } }))).message).toContain('cannot be reached from here')
  })

  it('the certificate is checked, and that it is made out to this server', async () => {
    const [row] = await ask("SHOW VARIABLES LIKE 'datadir'")
    const caFile = join(String(row?.Value), 'ca.pem')
    const address = { host: url.hostname, port: Number(url.port) }
    // The server has made its certificate itself, and it is nobody's.
    const named = { ...server, host: 'db.example.com' }
    const error = await failure(open({ address, caFile }).send('Look', { server: named }))
    expect(error.message).toMatch(/certificate of the database server db\.example\.com.* is not trusted/)
    const amazons = await failure(open({ address }).send('Look', { server: named }))
    expect(amazons.message).toMatch(/is not trusted: .*self-signed certificate/)
  })

  it('a connection that breaks between two operations is not noticed by the second one', async () => {
    const sockets: Socket[] = []
    const tunnel = createServer((socket) => {
      const far = dial(Number(url.port), url.hostname)
      sockets.push(socket, far)
      for (const s of [socket, far]) s.on('error', () => {})
      socket.pipe(far).pipe(socket)
    }).listen(0, '127.0.0.1')
    await new Promise((done) => tunnel.once('listening', done))
    const { port } = tunnel.address() as AddressInfo
    const other = open({ address: { host: '127.0.0.1', port } })
    await other.send('Look', { server })
    for (const socket of sockets) socket.destroy()
    await new Promise((done) => setTimeout(done, 30))
    expect(await other.send('Look', { server })).toMatchObject({ is: 'open' })
    await other.close()
    tunnel.close()
  })
})
