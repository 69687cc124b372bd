import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

const ITERATIONS = 4096
const hmac = (key: Buffer, what: string): Buffer => createHmac('sha256', key).update(what).digest()

/**
 * What PostgreSQL stores of a password (RFC 5802, as psql's \password sends it). It stands in the statement instead of the password,
 * so that neither the server's log nor anybody on the way sees that. The passwords here are letters and digits, where SASLprep
 * changes nothing.
 */
export const scramVerifier = (password: string, salt: Buffer = randomBytes(16)): string => {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256')
  const stored = createHash('sha256').update(hmac(salted, 'Client Key')).digest()
  const server = hmac(salted, 'Server Key')
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${stored.toString('base64')}:${server.toString('base64')}`
}
