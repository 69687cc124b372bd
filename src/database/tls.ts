import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Server } from '../aws/sql.ts'
import { refuse } from '../core/errors.ts'
import { replaceFile } from '../state/replace.ts'
import { amazonsRoots, hasRoots, noRoots, regionOfHost } from './roots.ts'

export interface Tls {
  readonly ca: string[]
  /** What the certificate must be made out to, also when the connection goes through a tunnel. */
  readonly servername: string
  readonly rejectUnauthorized: true
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|::1)$/

/**
 * TLS with the server checked, always: against Amazon's RDS certificates (docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html),
 * or those in `caFile`; a server in a region whose are not known is refused. Only a server on this very machine, as the sandbox's, is spoken to in clear.
 */
export const tlsFor = async (server: Server, caFile?: string): Promise<Tls | undefined> => {
  if (caFile === undefined && LOOPBACK.test(server.host)) return undefined
  if (caFile !== undefined) return { ca: [await readCa(caFile)], servername: server.host, rejectUnauthorized: true }
  const region = regionOfHost(server.host)
  if (region !== undefined && !(await hasRoots(region))) throw noRoots(region)
  return { ca: await amazonsRoots(), servername: server.host, rejectUnauthorized: true }
}

/**
 * The same certificates as a file, for programs that read one; undefined for a server that is spoken to in clear.
 * @param folder where Amazon's are written; they are no secret
 */
export const certificatesFile = async (server: Server, folder: string, caFile?: string): Promise<string | undefined> => {
  const tls = await tlsFor(server, caFile)
  if (!tls || caFile !== undefined) return caFile && resolve(caFile)
  const pem = `${tls.ca.map((c) => c.trim()).join('\n')}\n`
  const file = join(folder, `rds-ca-${createHash('sha256').update(pem).digest('hex').slice(0, 12)}.pem`)
  await mkdir(folder, { recursive: true, mode: 0o755 })
  await replaceFile(file, pem, { mode: 0o644 })
  return file
}

const readCa = async (file: string): Promise<string> => {
  const useless = (why: string) =>
    refuse(`The certificates of databases.caFile cannot be read: ${file}`, why, 'Correct the path in infra.yaml')
  const pem = await readFile(file, 'utf8').catch((error: Error) => {
    throw useless(error.message)
  })
  // Node takes a file without certificates as an empty list, and then refuses each server for a reason that leads nowhere.
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw useless('there is no certificate in it (PEM)')
  return pem
}
