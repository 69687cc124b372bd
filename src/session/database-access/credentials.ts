import type { Login, Server } from '../../aws/sql.ts'
import { serverOf } from '../../kinds/index.ts'
import type { Session } from '../types.ts'

/** One attempt to log in. */
export interface Access {
  readonly role: string
  readonly database: string
  readonly login: Login
  /** Owners must get in, all others must be refused. */
  readonly asWanted: boolean
}

/** What is declared about one role or database, as far as it stands in the config. */
interface Declared {
  readonly key: string
  readonly kind: { readonly type: string }
  readonly props: Readonly<Record<string, unknown>>
}

/** Every role of the stack at every database of it: proven by connecting, not by reading rights. Empty where nobody can log in from here. */
export const accessOf = async (s: Session, nodes: readonly Declared[]): Promise<Access[]> => {
  const server = await theServer(s)
  if (!server) return []
  const { names, appUser, roles } = s.config.databases
  const shared = roles === 'shared'
  const arn = (key: string): string => String(s.state.row(key)?.attrs?.arn ?? '')
  const tenants = shared
    ? [{ role: appUser, secret: arn('database-secret') }]
    : names.map((n) => ({ role: n, secret: arn(`sql-secret-${n.replaceAll('_', '-')}`) })).filter((t) => t.secret !== '')
  if (nodes.length === 0) return []
  const tries = tenants.flatMap(({ role, secret }) => names.map((database) => ({ role, secret, database })))
  const found = await Promise.all(
    tries.map(async ({ role, secret, database }): Promise<Access> => {
      const login = await s.aws.sql('Login', { server, role, password: { secret, key: 'password' }, database })
      return { role, database, login, asWanted: login === (shared || role === database ? 'ok' : 'barred') }
    }),
  )
  return found.filter((a) => a.login !== 'closed')
}

/** The stack's server, from the state; undefined while there is none. */
export const theServer = async (s: Session): Promise<Server | undefined> => {
  const id = s.state.row('db-instance')?.attrs?.id
  const secret = s.state.row('database-secret')?.attrs?.arn
  if (typeof id !== 'string' || typeof secret !== 'string') return undefined
  return serverOf(s.aws, { server: id, secret })
}
