import type { Aws } from '../aws/clients.ts'
import { whoAmI } from '../aws/identity.ts'
import type { Loaded } from '../config/load.ts'
import type { Backend } from '../state/backend.ts'
import type { LeaseOptions } from '../state/lease.ts'
import { localBackend } from '../state/local.ts'

/** Where the state of this stack is kept. The sandbox's stays in the folder: its bucket would be as short-lived as itself. */
export const backendFor = async (
  loaded: Loaded,
  sandbox: boolean,
  aws: Aws,
  { where = loaded.config.state, account }: { readonly where?: string; readonly account?: string | undefined } = {},
): Promise<Backend> => {
  if (sandbox || where === 'local') return localBackend(loaded.stateFile(sandbox))
  const [{ bucketsOf }, { bucket }, { parseS3, s3Backend }] = await Promise.all([
    import('../aws/bucket-owner.ts'),
    import('../aws/objects.ts'),
    import('../state/s3.ts'),
  ])
  const { bucket: name, prefix } = parseS3(where)
  const { project, environment } = loaded.config
  const own = bucketsOf(aws, async () => loaded.config.bucketOwner ?? account ?? (await whoAmI(aws)).account)
  return s3Backend(bucket(own, name), [prefix, project, environment].filter(Boolean).join('/'), leaseOptions())
}

/** Tests shorten the lease: a minute and a half is long for them. */
const leaseOptions = (): LeaseOptions => {
  const leaseMs = Number(process.env.INFRA_LEASE_SECONDS) * 1000
  return leaseMs > 0 ? { leaseMs, heartbeatMs: leaseMs / 4, skewMs: leaseMs / 2 } : {}
}
