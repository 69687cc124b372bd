import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mysql } from '../../src/database/mysql.ts'
import { checkedName } from '../../src/database/names.ts'
import { postgres } from '../../src/database/postgres.ts'
import { failure, newest, type Place, placeOn } from './support.ts'

const HOSTILE = [
  '"; drop database postgres; --',
  `'`,
  `''`,
  `"`,
  '""',
  '\\',
  `\\'`,
  `E'\\''`,
  `$$`,
  '$1',
  'ä',
  '漢字',
  '🐘',
  'e\u0301',
  ' ',
  ' a b ',
  'Upper Case',
  'UPPER',
  'select',
  'a.b',
  'a:b',
  '%',
  '_',
  'a\nb',
  '\t',
  '\u200b',
  'x'.repeat(63),
  'ä'.repeat(31),
  `${'漢'.repeat(20)}abc`,
]

describe('names on a server', () => {
  let place: Place
  beforeAll(async () => {
    place = await placeOn(newest)
    place.secrets.give('role', 'Password0123456789')
  })
  afterAll(() => place?.close())

  const password = { secret: 'role', key: 'password' }
  const inside = async () => {
    const looked = await place.send('Look', { server: place.server })
    return looked.is === 'open' ? looked.inside : expect.fail(looked.why)
  }
  const everything = async (): Promise<string> => {
    const { roles, databases } = await inside()
    return JSON.stringify([roles.map((r) => r.name).sort(), databases.map((d) => d.name).sort()])
  }
  /** Makes a role and its database, changes and drops them; nothing else may come or go. */
  const live = async (name: string): Promise<void> => {
    const { server } = place
    const before = await everything()
    await place.send('CreateRole', { server, name, password })
    await place.send('CreateDatabase', { server, name, owner: name, encoding: 'UTF8', collation: '' })
    const { roles, databases } = await inside()
    expect(roles.find((r) => r.name === name)).toEqual({ name, login: true, granted: true })
    expect(databases.find((d) => d.name === name)).toMatchObject({ name, owner: name, publicConnect: false })
    expect(await place.send('Login', { server, role: name, password, database: name })).toBe('ok')
    expect(await place.send('Sessions', { server, database: name })).toEqual(expect.any(Array))
    await place.send('AlterRole', { server, name, password })
    await place.send('AlterDatabase', { server, name, owner: name })
    await place.send('DropDatabase', { server, name, force: true })
    await place.send('DropRole', { server, name })
    expect(await everything()).toBe(before)
  }

  it.each(HOSTILE)('%j', (name) => live(name))

  it('any name that can be written down', { timeout: 60_000 }, async () => {
    const character = fc.oneof(
      fc.constantFrom(...`"'\\;$-_%. \n:{}()EeUu&`),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    )
    const name = fc
      .array(character, { minLength: 1, maxLength: 40 })
      .map((parts) => parts.join(''))
      .filter((n) => Buffer.byteLength(n) <= 63 && !n.includes('\0') && !n.startsWith('pg_'))
    await fc.assert(
      fc.asyncProperty(name, (n) => live(n)),
      { numRuns: 12 },
    )
  })

  it('a name that PostgreSQL would cut is refused before anything is sent', async () => {
    const { server } = place
    const whole = 'y'.repeat(63)
    await place.send('CreateRole', { server, name: whole, password })
    const before = await everything()
    for (const name of [`${whole}y`, `${'ä'.repeat(32)}`, `${'漢'.repeat(21)}a`]) {
      for (const attempt of [
        () => place.send('CreateRole', { server, name, password }),
        () => place.send('AlterRole', { server, name, password }),
        () => place.send('DropRole', { server, name }),
        () => place.send('CreateDatabase', { server, name, owner: whole, encoding: 'UTF8', collation: '' }),
        () => place.send('CreateDatabase', { server, name: whole, owner: name, encoding: 'UTF8', collation: '' }),
        () => place.send('AlterDatabase', { server, name, owner: whole }),
        () => place.send('DropDatabase', { server, name, force: true }),
      ])
        expect(await failure(attempt())).toMatchObject({
          why: `it has ${Buffer.byteLength(name)} bytes, and PostgreSQL takes 63`,
          exitCode: 2,
        })
    }
    expect(await everything()).toBe(before)
  })
})

describe('names that no server takes', () => {
  const limit = { engine: 'PostgreSQL', most: 63, unit: 'bytes' } as const
  it.each([
    ['', 'it is empty'],
    ['a\0b', 'it holds a character that PostgreSQL does not take in a name'],
    ['a\ud83d', 'it holds a character that PostgreSQL does not take in a name'],
    ['z'.repeat(64), 'it has 64 bytes, and PostgreSQL takes 63'],
  ])('%j', (name, why) => {
    expect(() => checkedName(name, limit)).toThrow(why)
    expect(() => postgres.dropRole(name)).toThrow(why)
  })

  it('each engine counts in its own way', () => {
    expect(() => postgres.dropDatabase('ä'.repeat(32), false)).toThrow('64 bytes')
    expect(mysql.dropDatabase('ä'.repeat(64), false).statements).toEqual([`DROP DATABASE \`${'ä'.repeat(64)}\``])
    expect(() => mysql.dropDatabase('ä'.repeat(65), false)).toThrow('it has 65 characters, and MySQL takes 64')
    expect(() => mysql.dropRole('r'.repeat(33))).toThrow('it has 33 characters, and MySQL takes 32')
    for (const name of ['🐘', 'ends with a space ']) {
      expect(() => mysql.dropDatabase(name, false)).toThrow('does not take in a name')
      expect(() => mysql.dropRole(name)).toThrow('does not take in a name')
    }
  })
})
