import type { Aws } from '../../aws/clients.ts'
import type { Login } from '../../aws/sql.ts'
import { codeOf } from '../../aws/trouble.ts'
import type { AwsKind } from '../kind.ts'
import { byRecord, type InServer, lookInside, type Named, placeIn, serverOf, type Verified, verifiedNow } from './common.ts'

export type RoleProps = InServer & {
  name: string
  /** The secret, and the key in it, that hold the role's password. */
  passwordSecret: string
  passwordKey: string
  /** Whether the server knows the password that is in the secret. Always wanted: the secret is the truth. */
  password: 'as in the secret' | 'another'
  /** It can log in, and the master user may hand databases over to it. */
  usable: boolean
}
export type RoleAttrs = InServer & Verified & { name: string }

const TO_CREATE = ['rds:DescribeDBInstances', 'secretsmanager:GetSecretValue']

/**
 * A user of the database server whose password is in a secret (PostgreSQL: a role that can log in; MySQL: a user from any address).
 * Whether the password is right is seen by logging in with it: no server tells what it has stored.
 */
export const DatabaseRole: AwsKind<RoleProps, RoleAttrs> = {
  type: 'sql.role',
  async observe(aws, _stamp, want, last) {
    const at = placeIn(want, last)
    if (!at) return { is: 'absent' }
    const look = await lookInside(aws, at)
    if (look.is === 'gone') return { is: 'absent' }
    if (look.is === 'closed') return byRecord(last, look.why)
    const role = look.inside.roles.find((r) => r.name === at.name)
    if (!role) return { is: 'absent' }
    const login = role.login ? await tried(aws, at, want) : undefined
    const password =
      login === undefined || login === 'closed' ? undefined : login === 'wrong-password' ? 'another' : 'as in the secret'
    return {
      is: 'ready',
      attrs: { name: at.name, server: at.server, secret: at.secret, verified: verifiedNow(look.via) },
      props: {
        name: role.name,
        server: at.server,
        usable: role.login && role.granted,
        ...(password ? { password } : {}),
      },
      note: `verified ${verifiedNow(look.via)}`,
      // One that does not know our password may be somebody else's who uses it: it is not changed under their feet. A run that was
      // killed leaves no such role, because the password comes with it.
      ...(!last && password !== 'as in the secret' && login !== 'closed'
        ? {
            foreign: `the role ${at.name} of ${at.server}, ${role.login ? NOT_OURS[password ?? 'unknown'] : 'which cannot log in'}`,
          }
        : {}),
    }
  },
  async create(aws, want) {
    await aws.sql('CreateRole', { server: await serverOf(aws, want), name: want.name, password: passwordAt(want) })
    return { attrs: { name: want.name, server: want.server, secret: want.secret } }
  },
  async update(aws, attrs, want) {
    await aws.sql('AlterRole', { server: await serverOf(aws, attrs), name: attrs.name, password: passwordAt(want) })
    return 'done'
  },
  async delete(aws, attrs) {
    await aws.sql('DropRole', { server: await serverOf(aws, attrs), name: attrs.name })
  },
  async blockers(aws, attrs) {
    const look = await lookInside(aws, attrs)
    const owned = look.is === 'open' ? look.inside.databases.filter((d) => d.owner === attrs.name) : []
    return owned.map((d) => ({ what: `the database ${d.name}, which belongs to it` }))
  },
  facts: {
    title: 'database role',
    minutes: 0.1,
    iam: { observe: TO_CREATE, create: TO_CREATE, update: TO_CREATE, delete: TO_CREATE },
    immutable: ['name', 'server'],
    found: 'name',
    inside: 'rds.db-instance',
  },
}

const passwordAt = (want: Pick<RoleProps, 'passwordSecret' | 'passwordKey'>) => ({
  secret: want.passwordSecret,
  key: want.passwordKey,
})

const NOT_OURS = {
  another: 'whose password is not the one in the secret',
  unknown: 'and there is no secret with its password yet',
}

/**
 * Whether the password in the secret lets it in, where every role may connect by default. Undefined: there is no such secret yet.
 * Where it was deleted, the next one will hold another.
 */
const tried = async (aws: Aws, at: InServer & Named, want: Partial<RoleProps>): Promise<Login | undefined> => {
  const { passwordSecret: secret, passwordKey: key } = want
  if (secret === undefined || key === undefined) return undefined
  const server = await serverOf(aws, at)
  const database = server.engine === 'mysql' ? '' : 'postgres'
  const login = aws.sql('Login', { server, role: at.name, password: { secret, key }, database })
  return login.catch((error: unknown): Login => {
    if (isNoSecret(error)) return 'wrong-password'
    throw error
  })
}

/** Secrets Manager still knows one that is scheduled for deletion, and refuses to read it. */
const isNoSecret = (error: unknown): boolean =>
  codeOf(error) === 'ResourceNotFound' || (codeOf(error) === 'InvalidRequest' && /for deletion/.test(String(error)))
