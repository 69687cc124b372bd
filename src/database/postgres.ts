import pg from 'pg'
import type { Dialect, Statement } from './job.ts'
import { checkedName } from './names.ts'

const id = (name: string): string => pg.escapeIdentifier(checkedName(name, { engine: 'PostgreSQL', most: 63, unit: 'bytes' }))
const text = pg.escapeLiteral

/**
 * MEMBER says that the master user is in the role; from version 16 on it also needs SET to hand something over to it, and
 * USAGE to act as it. (Before, being a member was enough. The CASE keeps older servers from reading the word SET.)
 */
const GRANTED = `pg_has_role(r.oid, 'USAGE') AND CASE WHEN current_setting('server_version_num')::int >= 160000
  THEN pg_has_role(r.oid, 'SET') ELSE true END`

const ROLES = `SELECT coalesce(json_agg(json_build_object('name', r.rolname, 'login', r.rolcanlogin, 'granted', ${GRANTED})), '[]')
  FROM pg_roles r`

const DATABASES = `SELECT coalesce(json_agg(json_build_object(
    'name', d.datname, 'owner', pg_get_userbyid(d.datdba), 'encoding', pg_encoding_to_char(d.encoding), 'collation', d.datcollate,
    'publicConnect', EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
      WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT'),
    'sessions', (SELECT count(*) FROM pg_stat_activity s WHERE s.datid = d.oid AND s.pid <> pg_backend_pid()))), '[]')
  FROM pg_database d WHERE NOT d.datistemplate`

/**
 * CURRENT_USER is the master. Without this nobody on RDS, where there is no superuser, can give the role a database. A grant that
 * is there already (createrole_self_grant makes one that lacks INHERIT) keeps the options that are not named, and only
 * version 16 and later know them.
 */
const grant = (name: string): Statement => {
  const plain = `GRANT ${id(name)} TO CURRENT_USER`
  return `DO ${text(
    `BEGIN IF current_setting('server_version_num')::int < 160000 THEN ${plain}; ELSE EXECUTE ${text(
      `${plain} WITH INHERIT TRUE, SET TRUE`,
    )}; END IF; END`,
  )}`
}

const close = (name: string): Statement => `REVOKE ALL ON DATABASE ${id(name)} FROM PUBLIC`

/** PostgreSQL 13 to 18. */
export const postgres: Dialect = {
  home: 'postgres',
  look: () => ({
    database: 'postgres',
    statements: [
      `SELECT json_build_object('version', current_setting('server_version'), 'roles', (${ROLES}), 'databases', (${DATABASES}))::text AS answer`,
    ],
    reads: true,
  }),
  createRole: (name, password) => ({
    database: 'postgres',
    atomic: true,
    statements: [{ password, text: (verifier) => `CREATE ROLE ${id(name)} LOGIN PASSWORD ${verifier}` }, grant(name)],
  }),
  alterRole: (name, password) => ({
    database: 'postgres',
    atomic: true,
    statements: [
      // A password that has run out is refused as a wrong one is, and a new one does not lengthen its time.
      { password, text: (verifier) => `ALTER ROLE ${id(name)} LOGIN PASSWORD ${verifier} VALID UNTIL 'infinity'` },
      grant(name),
    ],
  }),
  dropRole: (name) => ({ database: 'postgres', statements: [`DROP ROLE ${id(name)}`] }),
  createDatabase: ({ name, owner, encoding, collation }) => ({
    database: 'postgres',
    statements: [
      // template0 is the only one that takes another encoding and collation than its own.
      `CREATE DATABASE ${id(name)} OWNER ${id(owner)} TEMPLATE template0 ENCODING ${text(encoding)}${
        collation ? ` LC_COLLATE ${text(collation)} LC_CTYPE ${text(collation)}` : ''
      }`,
      close(name),
    ],
  }),
  alterDatabase: ({ name, owner }) => ({
    database: 'postgres',
    atomic: true,
    statements: [`ALTER DATABASE ${id(name)} OWNER TO ${id(owner)}`, close(name)],
  }),
  dropDatabase: (name, force) => ({
    database: 'postgres',
    statements: [`DROP DATABASE ${id(name)}${force ? ' WITH (FORCE)' : ''}`],
  }),
  sessions: (database) => ({
    database: 'postgres',
    statements: [
      `SELECT coalesce(json_agg(concat_ws(' ', usename, nullif(application_name, ''), 'from ' || host(client_addr), 'since ' || to_char(backend_start, 'YYYY-MM-DD HH24:MI')) ORDER BY backend_start), '[]')::text AS answer
      FROM pg_stat_activity WHERE datname = ${text(database)} AND pid <> pg_backend_pid()`,
    ],
  }),
}
