import { X509Certificate } from 'node:crypto'
import type { PasswordAt, Server } from '../aws/sql.ts'
import { noRoots, regionOfHost } from './roots.ts'
import { passwordVariable } from './script.ts'
import { tlsFor } from './tls.ts'

/** Has psql, of a version that knows every server that RDS offers, and a shell. Anybody may pull it, from any region. */
export const PSQL_IMAGE = 'public.ecr.aws/docker/library/postgres:18-alpine'

/** What the container finds in its environment, for the task definition. */
export interface TaskEnvironment {
  readonly environment: Readonly<Record<string, string>>
  /** `valueFrom` by name: ECS reads them with the execution role when the container starts. */
  readonly secrets: Readonly<Record<string, string>>
}

export interface TaskEnvironmentOptions {
  /** `databases.caFile` */
  readonly caFile?: string | undefined
  /** ARNs by name, for secrets that are known by name: with a JSON key, ECS takes whole ARNs only. */
  readonly arns?: Readonly<Record<string, string>>
}

/** A task definition may have 64 KB in all. */
const ROOM_FOR_CERTIFICATES = 24_000

/** @param passwords of all roles that may be needed: a container gets them when it starts, or not at all */
export const taskEnvironment = async (
  server: Server,
  passwords: readonly PasswordAt[],
  { caFile, arns = {} }: TaskEnvironmentOptions = {},
): Promise<TaskEnvironment> => {
  const from = ({ secret, key, stage }: PasswordAt): string => {
    const arn = secret.startsWith('arn:') ? secret : arns[secret]
    if (!arn) throw new Error(`the ARN of the secret ${secret} is not known`)
    return `${arn}:${key}:${stage ?? ''}:`
  }
  const tls = await tlsFor(server, caFile)
  return {
    environment: {
      PGHOST: server.host,
      PGPORT: String(server.port),
      PGCONNECT_TIMEOUT: '10',
      PGCLIENTENCODING: 'UTF8',
      PGAPPNAME: 'infra',
      PGSSLMODE: tls ? 'verify-full' : 'disable',
      ...(tls ? { INFRA_CA: certificatesFor(server, tls.ca) } : {}),
    },
    secrets: {
      PGUSER: from({ secret: server.secret, key: 'master_username' }),
      PGPASSWORD: from({ secret: server.secret, key: 'master_password' }),
      ...Object.fromEntries(passwords.map((at) => [passwordVariable(at), from(at)])),
    },
  }
}

/** Amazon's certificates of all regions are too many: only those of the server's region. */
const certificatesFor = ({ host }: Server, ca: readonly string[]): string => {
  const all = ca.join('\n').match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []
  if (all.join('\n').length <= ROOM_FOR_CERTIFICATES) return all.join('\n')
  const region = regionOfHost(host) ?? ''
  const ours = all.filter((pem) => new X509Certificate(pem).subject.includes(`CN=Amazon RDS ${region} Root CA`))
  if (ours.length === 0) throw noRoots(region || host)
  return ours.join('\n')
}
