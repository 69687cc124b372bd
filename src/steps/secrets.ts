import type { Config } from '../config/config.ts'
import type { NamedSecret } from '../config/sections/secrets.ts'
import { HOST_PLACEHOLDER, SecretKind } from '../kinds/secretsmanager/secret.ts'
import type { Add, DatabaseSecret } from './types.ts'

/**
 * Credentials, generated in AWS's direction and kept there: one secret with all that the database needs, and those of the config.
 * @param addDatabase declares the secret of the database
 */
export const secrets = (add: Add, c: Config, addDatabase: Add): DatabaseSecret => {
  const { recoveryWindowDays: recoveryDays, kmsKey } = c.secrets
  const secret = (to: Add, key: string, of: NamedSecret, keys: NamedSecret['keys']) =>
    to(
      SecretKind,
      key,
      {
        description: of.description,
        keys: Object.fromEntries(
          Object.entries(keys).map(([k, s]) => [
            k,
            'generate' in s
              ? { generate: s.generate, ...(s.exclude ? { exclude: s.exclude } : {}) }
              : 'placeholder' in s
                ? { placeholder: s.placeholder }
                : { value: s.value },
          ]),
        ),
        recoveryDays,
        ...(kmsKey ? { kmsKey } : {}),
      },
      { name: of.name },
    )
  const others = Object.fromEntries(c.secrets.others.map((o) => [o.key, secret(add, `${o.key}-secret`, o, o.keys).arn]))
  const { database } = c.secrets
  const { arn } = secret(addDatabase, 'database-secret', database, {
    engine: { value: c.rds.engine === 'mysql' ? 'mysql' : 'postgresql' },
    host: { placeholder: HOST_PLACEHOLDER },
    port: { value: c.rds.port },
    master_username: { value: c.rds.masterUsername },
    master_password: { generate: 32 },
    username: { value: c.databases.appUser },
    password: { generate: 32 },
    dbClusterIdentifier: { value: c.rds.identifier },
    ...database.keys,
  })
  return { arn, name: database.name, others }
}
