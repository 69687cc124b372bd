import { escape as text, escapeId } from 'mysql2'
import type { Dialect, Statement } from './job.ts'

/** A dot in a name is part of the name. */
const id = (name: string): string => escapeId(name, true)
/** RDS runs in a private network and its users come from any address in it. */
const user = (name: string): string => `${text(name)}@'%'`
/** In GRANT, _ and % in the name of a database stand for any character: shop_prod would open shopXprod too. */
const exactly = (database: string): string => id(database.replace(/[_%\\]/g, '\\$&'))
/** As mysql.db keeps them. */
const plainName = `REPLACE(REPLACE(REPLACE(d.Db, '\\\\_', '_'), '\\\\%', '%'), '\\\\\\\\', '\\\\')`

const ROLES = `SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('name', u.User, 'login', IF(u.account_locked = 'N', CAST(TRUE AS JSON), CAST(FALSE AS JSON)),
    'granted', CAST(TRUE AS JSON))), JSON_ARRAY()) FROM mysql.user u WHERE u.Host = '%'`

const OWNER = `(SELECT d.User FROM mysql.db d WHERE ${plainName} = s.SCHEMA_NAME AND d.Host = '%' AND d.Create_priv = 'Y' AND d.Drop_priv = 'Y'
    AND d.Select_priv = 'Y' AND d.Insert_priv = 'Y' ORDER BY d.User LIMIT 1)`

const DATABASES = `SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('name', s.SCHEMA_NAME, 'owner', COALESCE(${OWNER}, ''),
    'encoding', s.DEFAULT_CHARACTER_SET_NAME, 'collation', s.DEFAULT_COLLATION_NAME, 'publicConnect', CAST(FALSE AS JSON),
    'sessions', (SELECT COUNT(*) FROM information_schema.PROCESSLIST p WHERE p.DB = s.SCHEMA_NAME))), JSON_ARRAY())
  FROM information_schema.SCHEMATA s WHERE s.SCHEMA_NAME NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')`

const grant = (name: string, owner: string): Statement => `GRANT ALL PRIVILEGES ON ${exactly(name)}.* TO ${user(owner)}`

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
      `CREATE DATABASE ${id(name)} CHARACTER SET ${text(encoding)}${collation ? ` COLLATE ${text(collation)}` : ''}`,
      grant(name, owner),
    ],
  }),
  alterDatabase: ({ name, owner }) => ({ database: 'mysql', statements: [grant(name, owner)] }),
  // MySQL drops a database under whoever uses it: looked at first, by the caller.
  dropDatabase: (name) => ({ database: 'mysql', statements: [`DROP DATABASE ${id(name)}`] }),
  sessions: (database) => ({
    database: 'mysql',
    statements: [
      `SELECT COALESCE(JSON_ARRAYAGG(CONCAT(USER, ' from ', HOST)), JSON_ARRAY()) AS answer FROM information_schema.PROCESSLIST WHERE DB = ${text(database)}`,
    ],
  }),
}
