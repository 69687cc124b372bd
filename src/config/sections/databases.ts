import type { Kit } from '../kit.ts'
import type { No } from '../rule.ts'
import { given, type Own, section } from '../section.ts'
import { masterOf, type Rds, RESERVED_DATABASES, RESERVED_USERS } from './rds.ts'
import { type Secrets, secretName } from './secrets.ts'

const DATABASE = 'it must have 1 to 63 lower-case letters, digits and _, beginning with a letter or _, for example shop'

const schema = ({ z, oneOf, text }: Kit) =>
  z
    .strictObject({
      via: oneOf(['auto', 'direct', 'ssm', 'task', 'print']).optional(),
      names: z
        .array(text(/^[a-z_][a-z0-9_]{0,62}$/, DATABASE), { error: 'it must be a list of names, for example [shop]' })
        .optional(),
      roles: oneOf(['shared', 'perDatabase']).default('shared'),
      appUser: text(
        /^[a-z_][a-z0-9_]{0,31}$/,
        'it must have 1 to 32 lower-case letters, digits and _, for example shop_app',
      ).optional(),
      encoding: text(/^[A-Za-z0-9_]{1,32}$/, 'it must be an encoding of the engine, for example UTF8').optional(),
      collation: text(
        /^[A-Za-z0-9_.@-]{1,63}$/,
        "it must be a collation that the server knows, for example en_US.UTF-8; leave it out for the server's own",
      ).optional(),
      target: text(
        /^(i-[0-9a-f]{8,17}|ecs:[\w-]{1,255}(\/[\w-]{1,255})?)$/,
        'it must be the id of an instance, or ecs: and a cluster with a service, for example i-0123456789abcdef0 or ecs:shop/web',
      ).optional(),
      caFile: z.string().optional(),
    })
    .prefault({})
export type Databases = Own<typeof schema>

interface All {
  readonly project: string
  readonly rds: Rds
}
interface Basis extends All {
  readonly environment: string
  readonly secrets: Secrets
}

/** One for the project, unless RDS makes it. */
const defaultDatabases = ({ project, rds }: All): string[] => {
  const name = project.replaceAll('-', '_')
  return name === rds.databaseName ? [] : [name]
}

/** `collation` empty: the server's own. `secretOf`, with a role for each database: the name of the secret of each. */
const defaults = (own: Databases, file: Basis) => {
  const plain = file.project.replaceAll('-', '_')
  const { appUser = `${plain}_app`, collation = '', ...rest } = own
  const names: readonly string[] = own.names ?? defaultDatabases(file)
  const encoding = own.encoding ?? (file.rds.engine === 'mysql' ? 'utf8mb4' : 'UTF8')
  const ofOne = own.roles === 'perDatabase' ? names : []
  const secretOf: Readonly<Record<string, string>> = Object.fromEntries(
    ofOne.map((name) => [name, secretName(file, `databases/${name}`, { keys: {} })]),
  )
  return { ...rest, names, appUser, encoding, collation, secretOf }
}

const inside = (databases: Databases, { project, rds }: All, no: No): void => {
  const { names = defaultDatabases({ project, rds }), roles, via, appUser } = databases
  if (databases.appUser === masterOf(rds))
    no(
      ['databases', 'appUser'],
      databases.appUser,
      'it must be another user than rds.masterUsername: the application needs less than the master may, for example shop_app',
    )
  for (const [i, name] of names.entries()) {
    const path = ['databases', 'names', i]
    if (RESERVED_DATABASES.test(name)) no(path, name, 'the engine keeps this name for itself, for example shop')
    else if (names.indexOf(name) < i) no(path, name, 'it stands there twice, for example shop_2')
    else if (name === rds.databaseName)
      no(path, name, 'rds.databaseName is made by RDS and belongs to the master user; take it out there, for example shop')
    if (roles !== 'perDatabase') continue
    if (RESERVED_USERS[rds.engine]?.test(name) || name === masterOf(rds))
      no(path, name, 'with databases.roles perDatabase its role has this name too, and the engine keeps it, for example shop')
    if (rds.engine === 'mysql' && name.length > 32)
      no(
        path,
        name,
        'with databases.roles perDatabase its role has this name too, and MySQL takes 32 characters, for example shop',
      )
  }
  // With a role for each it only names what stands in the server's secret.
  if (appUser !== undefined && RESERVED_USERS[rds.engine]?.test(appUser))
    no(['databases', 'appUser'], appUser, `${rds.engine} keeps this name for itself, for example shop_app`)
  if (rds.engine === 'mysql' && (via === 'task' || via === 'print'))
    no(['databases', 'via'], via, 'for MySQL the ways in are direct and ssm, for example ssm')
  if (databases.target !== undefined && via !== undefined && via !== 'ssm' && via !== 'auto')
    no(['databases', 'target'], databases.target, `it counts only with databases.via ssm (it is ${via}), for example via: ssm`)
}

export const databases = section('databases', {
  step: 'databases',
  schema,
  defaults,
  rules: [inside],
  sample: (a, { databases }) => `databases:
  # via: auto                 # how infra gets into the server: auto | direct | ssm | task | print
  ${databases ? `# names: [${given(databases, 'names', '')}]` : `names: [${a.project.replaceAll('-', '_')}]`}
  roles: shared               # perDatabase: each database its own role and secret, closed to the others
`,
})
