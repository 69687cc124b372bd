import { escapeId } from 'mysql2'
import type { Dialect, Statement } from './job.ts'
import { checkedName } from './names.ts'

/** dev.mysql.com/doc/refman/8.0/en/identifiers.html: nothing beyond U+FFFF, and no space at the end. */
const NOT = /[\u{10000}-\u{10ffff}]|\s$/u
/** A dot in a name is part of the name. Between backticks a backslash is one, whatever the server's mode says of strings. */
const id = (name: string): string =>
  escapeId(checkedName(name, { engine: 'MySQL', most: 64, unit: 'characters', not: NOT }), true)
/** RDS runs in a private network and its users come from any address in it. */
const user = (name: string): string =>
  `${escapeId(checkedName(name, { engine: 'MySQL', most: 32, unit: 'characters', not: NOT }), true)}@\`%\``
/** A mode of the server decides what a backslash in a string means; in hexadecimal there is none. */
const text = (plain: string): string => (/['\\]/.test(plain) ? `_utf8mb4 X'${Buffer.from(plain).toString('hex')}'` : `'${plain}'`)

const BACKSLASH = `_utf8mb4 X'5c'`
/** The name of a database from what mysql.db keeps: the pattern of the GRANT, or the name where the server takes no patterns. */
const unescaped = ["'_'", "'%'", BACKSLASH].reduce((sql, c) => `REPLACE(${sql}, CONCAT(${BACKSLASH}, ${c}), ${c})`, 'd.Db')

const ROLES = `SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('name', u.User, 'login', IF(u.account_locked = 'N', CAST(TRUE AS JSON), CAST(FALSE AS JSON)),
    'granted', CAST(TRUE AS JSON))), JSON_ARRAY()) FROM mysql.user u WHERE u.Host = '%'`

const ALL =
  'Select Insert Update Delete Create Drop References Index Alter Create_tmp_table Lock_tables Create_view Show_view Create_routine Alter_routine Execute Event Trigger'
    .split(' ')
    .map((p) => `d.${p}_priv`)
const FULL = `'N' NOT IN (${ALL.join(', ')})`
const OWNERS = `FROM mysql.db d WHERE IF(@@GLOBAL.partial_revokes, d.Db, ${unescaped}) = s.SCHEMA_NAME AND d.Host = '%' AND ${FULL}`

const DATABASES = `SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('name', s.SCHEMA_NAME, 'owner', COALESCE((SELECT MIN(d.User) ${OWNERS}), ''),
    'owners', COALESCE((SELECT JSON_ARRAYAGG(d.User) ${OWNERS}), JSON_ARRAY()),
    'encoding', s.DEFAULT_CHARACTER_SET_NAME, 'collation', s.DEFAULT_COLLATION_NAME, 'publicConnect', CAST(FALSE AS JSON),
    'sessions', (SELECT COUNT(*) FROM information_schema.PROCESSLIST p WHERE p.DB = s.SCHEMA_NAME))), JSON_ARRAY())
  FROM information_schema.SCHEMATA s WHERE s.SCHEMA_NAME NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')`

/**
 * In GRANT, _ and % in the name of a database stand for any character: shop_prod would open shopXprod too, so they are escaped. With
 * partial_revokes on they stand for themselves, and then what is escaped names another database.
 */
const grant = (name: string, owner: string): Statement[] => {
  const on = (database: string): string => `GRANT ALL PRIVILEGES ON ${database}.* TO ${user(owner)}`
  const pattern = id(name).replace(/[_%\\]/g, '\\$&')
  if (pattern === id(name)) return [on(pattern)]
  const choice = `SET @infra = IF(@@GLOBAL.partial_revokes, ${text(on(id(name)))}, ${text(on(pattern))})`
  return [choice, 'PREPARE infra FROM @infra', 'EXECUTE infra']
}

/** MySQL 8. It knows no owner of a database: the application's user gets all privileges on it, and nobody else any. */
export const mysql: Dialect = {
  home: 'mysql',
  look: () => ({
    database: 'mysql',
    statements: [`SELECT JSON_OBJECT('version', VERSION(), 'roles', (${ROLES}), 'databases', (${DATABASES})) AS answer`],
  }),
  createRole: (name, password) => ({
    database: 'mysql',
    statements: [{ password, text: (literal) => `CREATE USER ${user(name)} IDENTIFIED BY ${literal}` }],
  }),
  alterRole: (name, password) => ({
    database: 'mysql',
    statements: [{ password, text: (literal) => `ALTER USER ${user(name)} IDENTIFIED BY ${literal} ACCOUNT UNLOCK` }],
  }),
  dropRole: (name) => ({ database: 'mysql', statements: [`DROP USER ${user(name)}`] }),
  createDatabase: ({ name, owner, encoding, collation }) => ({
    database: 'mysql',
    statements: [
      `CREATE DATABASE ${id(name)} CHARACTER SET ${id(encoding)}${collation ? ` COLLATE ${id(collation)}` : ''}`,
      ...grant(name, owner),
    ],
  }),
  alterDatabase: ({ name, owner }) => ({ database: 'mysql', statements: grant(name, owner) }),
  // MySQL drops a database under whoever uses it: looked at first, by the caller.
  dropDatabase: (name) => ({ database: 'mysql', statements: [`DROP DATABASE ${id(name)}`] }),
  sessions: (database) => ({
    database: 'mysql',
    statements: [
      `SELECT COALESCE(JSON_ARRAYAGG(CONCAT(USER, ' from ', HOST)), JSON_ARRAY()) AS answer FROM information_schema.PROCESSLIST WHERE DB = ${text(database)}`,
    ],
  }),
  holders: (database, full) => ({
    database: 'mysql',
    statements: [
      `SELECT COALESCE(JSON_ARRAYAGG(JSON_ARRAY(d.Db, d.User)), JSON_ARRAY()) AS answer FROM mysql.db d
        WHERE ${text(database)} IN (d.Db, ${unescaped}) AND d.Host = '%' AND ${full ? FULL : 'TRUE'}`,
    ],
  }),
  expel: (from, role) => ({
    database: 'mysql',
    statements: [`REVOKE ALL PRIVILEGES ON ${escapeId(from, true)}.* FROM ${user(role)}`],
  }),
}
