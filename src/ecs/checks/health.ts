import { type Answer, ask } from './ask.ts'
import type { Check, Line } from './check.ts'
import type { Endpoint, Sought } from './endpoint.ts'

/** As many redirects are followed, one after another. */
const HOPS = 5

/** `200`, `200-299`, `200,301` as the load balancer reads it. */
export const matches = (codes: string, status: number): boolean =>
  codes.split(',').some((part) => {
    const [from = '', to = from] = part.trim().split('-')
    return status >= Number(from) && status <= Number(to)
  })

/** Whether the endpoint answers as it should. Only a redirect from http to https is followed by itself: that is how a load balancer answers. */
export const checkHealth = async (
  name: string,
  sought: Sought,
  ours: boolean,
  line: Line,
  send: (at: Endpoint) => Promise<Answer> = ask,
): Promise<Check> => {
  if ('skip' in sought) return { name, outcome: 'skip', detail: sought.skip, next: sought.next }
  if ('fail' in sought) return { name, outcome: 'fail', detail: sought.fail, next: sought.next }
  let at: Endpoint = sought
  const way: string[] = []
  for (let hop = 0; hop <= HOPS; hop++) {
    const answer = await send(at)
    const asked = `${way.length > 0 ? `${way.join(' -> ')} -> ` : ''}${at.url.href}`
    if ('trouble' in answer)
      return { name, outcome: 'fail', detail: `${asked}: ${answer.trouble}`, next: nextOf(answer, at, ours, line) }
    const made = answer.certificate ? ` (its certificate is for ${answer.certificate}; no client comes by this name)` : ''
    if (matches(at.codes, answer.status)) return { name, outcome: 'pass', detail: `${asked} answers ${answer.status}${made}` }
    const to = answer.status >= 300 && answer.status < 400 ? redirected(at, answer.location) : undefined
    if (!to)
      return {
        name,
        outcome: 'fail',
        detail: `${asked} answers ${answer.status}${meaning(answer)}, not ${at.codes}`,
        next: nextOf(answer, at, ours, line),
      }
    way.push(at.url.href)
    at = to
  }
  return { name, outcome: 'fail', detail: `${sought.url.href} redirects in a circle: ${way.join(' -> ')}`, next: line('logs') }
}

/** Where a redirect leads, if it is one to follow. */
const redirected = (at: Endpoint, location: string | undefined): Endpoint | undefined => {
  if (!location || !URL.canParse(location, at.url.href)) return undefined
  const url = new URL(location, at.url)
  if (!/^https?:$/.test(url.protocol)) return undefined
  const toHttps = at.url.protocol === 'http:' && url.protocol === 'https:'
  if (!at.follow && !toHttps) return undefined
  return { ...at, url, connect: url.hostname === at.url.hostname ? at.connect : undefined }
}

const meaning = ({ status, location }: Extract<Answer, { status: number }>): string => {
  if (location) return ` (to ${location})`
  if (status === 502) return ' (the application broke the connection off, or speaks no HTTP on this port)'
  if (status === 503) return ' (the load balancer has no healthy target)'
  if (status === 504) return ' (the application did not answer the load balancer in time)'
  if (status === 401 || status === 403) return ' (it wants a login: a health check has none)'
  return ''
}

const nextOf = (answer: Answer, at: Endpoint, ours: boolean, line: Line): string => {
  const balancer = ours ? 'infra create load-balancer' : 'Look at its listener and its security group'
  if ('status' in answer) {
    if (answer.status === 503) return `${line('verify')} again when a target is healthy; ${line('logs')} says why none is`
    if (answer.status >= 500) return line('logs')
    return at.follow || !ours
      ? `${line('logs')}; or name another address: --url <address>`
      : 'Fix health.path or health.matcher in infra.yaml, then: infra create load-balancer'
  }
  switch (answer.kind) {
    case 'name':
      return at.connect === undefined
        ? `Is the name right, and does its DNS record lead to the load balancer? infra show-resources load-balancer`
        : `${line('verify')} in some minutes: a new load balancer needs them until its name is known`
    case 'certificate':
      return ours
        ? 'Set loadBalancer.domain or alternativeNames in infra.yaml, then: infra create load-balancer; or ask by its own name: --url <address>'
        : 'Give the listener a certificate for this name, or ask by the name that it has: --url <address>'
    case 'timeout':
      return `Does its security group let this machine in? Else the application is slow: ${line('logs')}`
    default:
      return at.connect === undefined ? line('logs') : balancer
  }
}
