import type { Config } from '../config/config.ts'
import type { Ref } from '../engine/ref.ts'
import { HOST_PLACEHOLDER, SecretKind } from '../kinds/secretsmanager/secret.ts'
import { SecretField } from '../kinds/secretsmanager/secret-field.ts'
import { Database as DatabaseKind } from '../kinds/sql/database.ts'
import { DatabaseRole } from '../kinds/sql/role.ts'
import type { Add, Database, DatabaseSecret } from './types.ts'

/** A name that SQL takes, as a part of a key. */
const plain = (name: string): string => name.replaceAll('_', '-')

/** What lives inside the server: the application's role and its databases; or, for tenants apart, a role with a secret of its own for each. */
export const databases = (add: Add, c: Config, db: Database, master: DatabaseSecret): Ref<unknown>[] => {
  const { names, appUser, encoding, collation, secretOf } = c.databases
  const inside = { server: db.id, secret: master.arn }
  const role = (name: string, passwordSecret: DatabaseSecret['arn']) =>
    add(
      DatabaseRole,
      `sql-role-${plain(name)}`,
      { ...inside, name, passwordSecret, passwordKey: 'password', password: 'as in the secret', usable: true },
      { name },
    )
  const shared = c.databases.roles === 'shared' ? role(appUser, master.arn) : undefined
  return names.map((name) => {
    const owner = shared ?? role(name, tenantSecret(add, c, db, name, secretOf[name] ?? name))
    return add(
      DatabaseKind,
      `sql-database-${plain(name)}`,
      { ...inside, name, owner: owner.name, encoding, collation, publicConnect: false },
      { name },
    ).name
  })
}

/** What one tenant's application needs to connect, and nothing of the others. */
const tenantSecret = (add: Add, c: Config, db: Database, name: string, secretName: string): DatabaseSecret['arn'] => {
  const key = `sql-secret-${plain(name)}`
  const { recoveryWindowDays: recoveryDays, kmsKey } = c.secrets
  const secret = add(
    SecretKind,
    key,
    {
      description: `${c.application} ${c.environment}: the database ${name}`,
      keys: {
        engine: { value: c.rds.engine === 'mysql' ? 'mysql' : 'postgresql' },
        host: { placeholder: HOST_PLACEHOLDER },
        port: { value: c.rds.port },
        dbname: { value: name },
        username: { value: name },
        password: { generate: 32 },
      },
      recoveryDays,
      ...(kmsKey ? { kmsKey } : {}),
    },
    { name: secretName },
  )
  add(
    SecretField,
    `sql-host-${plain(name)}`,
    { secret: secretName, field: 'host', value: db.endpoint },
    { name: `${secretName}#host`, after: [secret.arn] },
  )
  return secret.arn
}
