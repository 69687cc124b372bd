import type { Aws } from '../aws/clients.ts'
import { readSecret, readSecrets } from '../aws/secrets.ts'
import type { PasswordAt, Server } from '../aws/sql.ts'
import { unlessGone } from '../aws/trouble.ts'
import type { Secret } from '../core/json.ts'

/** Reads credentials when they are needed. A failed read is asked again the next time. */
export interface Credentials {
  master(server: Server): Promise<{ user: string; password: Secret }>
  /** The master's password that a rotation has begun with and that does not count yet; undefined: none was begun. */
  nextOfMaster(server: Server): Promise<Secret | undefined>
  password(at: PasswordAt): Promise<Secret>
}

/** @throws InfraError when the secret or the key is missing */
export const credentialsFrom = (aws: Pick<Aws, 'secretsManager'>): Credentials => ({
  master: async ({ secret }) => {
    const [user, password] = (await readSecrets(aws, secret, ['master_username', 'master_password'])) as [Secret, Secret]
    return { user: user.reveal(), password }
  },
  nextOfMaster: async ({ secret }) => (await unlessGone(readSecrets(aws, secret, ['master_password'], 'AWSPENDING')))?.[0],
  password: ({ secret, key, stage }) => readSecret(aws, secret, key, stage),
})
