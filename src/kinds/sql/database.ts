import type { AwsKind } from '../kind.ts'
import { byRecord, type InServer, lookInside, placeIn, serverOf, type Verified, verifiedNow } from './common.ts'

export type DatabaseProps = InServer & {
  name: string
  owner: string
  encoding: string
  /** Sort order and character classes; empty: the server's own. */
  collation: string
  /** Whether everybody who can log in may connect (PostgreSQL's default). Isolation of tenants is: false. */
  publicConnect: boolean
}
export type DatabaseAttrs = InServer & Verified & { name: string }

const TO_CREATE = ['rds:DescribeDBInstances', 'secretsmanager:GetSecretValue']

/**
 * A database inside a server, that only its owner may connect to. Owner and grants are PostgreSQL's own words
 * (www.postgresql.org/docs/current/ddl-priv.html); in MySQL the owner is who has all privileges on it.
 */
export const Database: AwsKind<DatabaseProps, DatabaseAttrs> = {
  type: 'sql.database',
  async observe(aws, stamp, want, last) {
    const at = placeIn(want, last)
    if (!at) return { is: 'absent' }
    const { name, server, secret } = at
    const look = await lookInside(aws, at)
    if (look.is === 'gone') return { is: 'absent' }
    if (look.is === 'closed') return byRecord(last, look.why)
    const found = look.inside.databases.find((d) => d.name === name)
    if (!found) return { is: 'absent' }
    const { encoding, collation, publicConnect } = found
    const owner = want.owner !== undefined && found.owners?.includes(want.owner) ? want.owner : found.owner
    return {
      is: 'ready',
      attrs: { name, server, secret, verified: verifiedNow(look.via) },
      props: { name, server, owner, encoding, publicConnect, collation: asWanted(collation, want.collation) },
      note: `verified ${verifiedNow(look.via)}`,
      // Owner and database come about in one statement, or (MySQL) in two: a run that was killed can leave one that belongs to nobody.
      ...(!last && owner !== want.owner && !(owner === '' && stamp.token)
        ? { foreign: `the database ${name} of ${server}, which belongs to ${owner || 'nobody'}` }
        : {}),
    }
  },
  async create(aws, want) {
    const { name, owner, encoding, collation } = want
    await aws.sql('CreateDatabase', { server: await serverOf(aws, want), name, owner, encoding, collation })
    return { attrs: { name, server: want.server, secret: want.secret } }
  },
  async update(aws, attrs, want) {
    await aws.sql('AlterDatabase', { server: await serverOf(aws, attrs), name: attrs.name, owner: want.owner })
    return 'done'
  },
  async delete(aws, attrs) {
    await aws.sql('DropDatabase', { server: await serverOf(aws, attrs), name: attrs.name, force: false })
  },
  async blockers(aws, attrs) {
    const sessions = await aws.sql('Sessions', { server: await serverOf(aws, attrs), database: attrs.name })
    return sessions.map((what) => ({ what }))
  },
  facts: {
    title: 'database',
    minutes: 0.1,
    iam: { observe: TO_CREATE, create: TO_CREATE, update: TO_CREATE, delete: TO_CREATE },
    immutable: ['name', 'server', 'encoding', 'collation'],
    found: 'name',
    data: true,
    inside: 'rds.db-instance',
    removedBy: (attrs) => `infra db drop ${attrs.name}`,
  },
}

/** One locale has several spellings: en_US.UTF-8 is en_US.utf8. */
const asWanted = (is: string, want: string | undefined): string => {
  const plain = (locale: string): string => locale.toLowerCase().replace(/(?<=\..*)[^a-z0-9@]/g, '')
  return want === '' || (want !== undefined && plain(is) === plain(want)) ? want : is
}
