import { request as plain } from 'node:http'
import { request as secured } from 'node:https'
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import type { Endpoint } from './endpoint.ts'

/** What came back, or why nothing did. */
export type Answer =
  | { readonly status: number; readonly location: string | undefined; readonly certificate: string | undefined }
  | { readonly trouble: string; readonly kind: 'name' | 'certificate' | 'timeout' | 'connection' }

/** Milliseconds, for all of it. */
const PATIENCE = 10_000

const namesOf = ({ subjectaltname, subject }: PeerCertificate): string => {
  const names = (subjectaltname ?? '').split(', ').map((n) => n.replace(/^(DNS|IP Address):/, ''))
  const own: unknown = subject?.CN
  return names.filter(Boolean).join(', ') || (typeof own === 'string' ? own : 'nobody')
}

/**
 * One GET, without following anything. Its certificate must be trusted and made out to the name that was asked, except where that is
 * the load balancer's own, which nobody can have one for.
 * @param patience milliseconds
 * @param ca trusted instead of those that Node brings
 */
export const ask = ({ url, connect, anyCertificate }: Endpoint, patience: number = PATIENCE, ca?: string): Promise<Answer> =>
  new Promise((resolve) => {
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const to = connect ?? host
    // The test suite sets this: nothing may reach anything but this machine.
    if (process.env.INFRA_LOOPBACK_ONLY === '1' && !/^(127\.0\.0\.1|localhost|::1)$/.test(to))
      return resolve({ trouble: `INFRA_LOOPBACK_ONLY is set, so ${to} is not asked`, kind: 'connection' })
    const secure = url.protocol === 'https:'
    let certificate: string | undefined
    const signal = AbortSignal.timeout(patience)
    const call = (secure ? secured : plain)(
      {
        host: to,
        port: url.port || (secure ? 443 : 80),
        path: `${url.pathname}${url.search}`,
        headers: { host: url.host, 'user-agent': 'infra verify', accept: '*/*' },
        agent: false,
        signal,
        ...(ca === undefined ? {} : { ca }),
        ...(isIP(host) ? {} : { servername: host }),
        checkServerIdentity: (_: string, seen: PeerCertificate) => {
          const wrong = checkServerIdentity(host, seen)
          if (!wrong || !anyCertificate) return wrong
          certificate = namesOf(seen)
          return undefined
        },
      },
      (answer) => {
        resolve({ status: answer.statusCode ?? 0, location: answer.headers.location, certificate })
        answer.destroy()
      },
    )
    call.on('error', (error: NodeJS.ErrnoException & { cert?: PeerCertificate }) => {
      if (signal.aborted) resolve({ trouble: `no answer within ${patience / 1000} seconds`, kind: 'timeout' })
      else resolve(troubleOf(error, host))
    })
    call.end()
  })

const troubleOf = (error: NodeJS.ErrnoException & { cert?: PeerCertificate }, host: string): Answer => {
  const { code = '', message } = error
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return {
      trouble: `the certificate is for ${error.cert ? namesOf(error.cert) : 'another name'}, not for ${host}`,
      kind: 'certificate',
    }
  if (code === 'CERT_HAS_EXPIRED') return { trouble: 'the certificate has expired', kind: 'certificate' }
  if (/CERT|SIGNATURE|ISSUER/.test(code)) return { trouble: `the certificate is not trusted (${message})`, kind: 'certificate' }
  if (/^(ENOTFOUND|EAI_AGAIN)$/.test(code)) return { trouble: 'this name is not known', kind: 'name' }
  if (code === 'ECONNREFUSED') return { trouble: 'the connection is refused: nothing listens there', kind: 'connection' }
  if (code === 'ETIMEDOUT') return { trouble: 'no connection comes about', kind: 'timeout' }
  return { trouble: message || code, kind: 'connection' }
}
