import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { refuse } from '../core/errors.ts'

const ITERATIONS = 4096
const hmac = (key: Buffer, what: string): Buffer => createHmac('sha256', key).update(what).digest()
const PRINTABLE = /^[\x20-\x7e]+$/

/**
 * What PostgreSQL stores of a password (RFC 5802, as psql's \password sends it). It stands in the statement instead of the password,
 * so that neither the server's log nor anybody on the way sees that.
 * @throws InfraError for a password that not every driver turns into the same bytes (RFC 4013): some would be let in, others not
 */
export const scramVerifier = (password: string, salt: Buffer = randomBytes(16)): string => {
  if (!PRINTABLE.test(password))
    throw refuse(
      'The password in the secret cannot be set',
      'it holds a character outside of ASCII, which not every driver sends in the same way',
      'Put one of letters, digits and ASCII signs into the secret, then run the same command again',
    )
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256')
  const stored = createHash('sha256').update(hmac(salted, 'Client Key')).digest()
  const server = hmac(salted, 'Server Key')
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${stored.toString('base64')}:${server.toString('base64')}`
}
