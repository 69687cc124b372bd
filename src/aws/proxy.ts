import { readFile } from 'node:fs/promises'
import type { Agent } from 'node:https'
import { getProxyForUrl } from 'proxy-from-env'
import { refuse } from '../core/errors.ts'

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/

/**
 * The proxy that a call to this address goes through, by HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. A proxy elsewhere cannot
 * reach this machine's own loopback, so calls to it never go through one.
 */
export const proxyFor = (url: string): string | undefined =>
  LOOPBACK.test(new URL(url).hostname) ? undefined : getProxyForUrl(url) || undefined

/** For the screen: a proxy's address may carry a password. */
export const shownProxy = (proxy: string): string => {
  if (!URL.canParse(proxy)) return proxy
  const url = new URL(proxy)
  if (url.username) url.username = '***'
  if (url.password) url.password = '***'
  return url.href.replace(/\/$/, '')
}

const SETTINGS = ['https_proxy', 'http_proxy', 'all_proxy']
const isSet = (name: string): boolean => Boolean(process.env[name] || process.env[name.toUpperCase()])

/** For calls by https and by http; what is left out is Node's own. */
export interface Agents {
  readonly httpsAgent?: Agent
  readonly httpAgent?: Agent
  /** Calls may go through a proxy. */
  readonly proxy?: true
}

/**
 * How calls leave this machine: through a proxy, or with the certificates of a company that opens TLS (AWS_CA_BUNDLE, as in the AWS
 * CLI). Loaded only when the environment asks for it.
 */
export const agentsFor = async (): Promise<Agents> => {
  const ca = await companyCertificates()
  if (!SETTINGS.some(isSet)) {
    if (!ca) return {}
    const { Agent: Plain } = await import('node:https')
    return { httpsAgent: new Plain({ keepAlive: true, maxSockets: MOST_SOCKETS, ca }) }
  }
  for (const name of SETTINGS) checkAddress(name)
  const { ProxyAgent } = await import('proxy-agent')
  const agent = new ProxyAgent({
    keepAlive: true,
    maxSockets: MOST_SOCKETS,
    getProxyForUrl: (url) => proxyFor(url) ?? '',
    ...(ca ? { ca } : {}),
  })
  // Its own type says less than it is: node's agents are what it extends.
  const both = agent as unknown as Agent
  return { httpsAgent: both, httpAgent: both, proxy: true }
}

/** What the SDK takes for its own agents. */
const MOST_SOCKETS = 50

const KINDS = /^(https?|socks|socks4a?|socks5h?|pac\+(data|file|ftp|https?)):$/

/** @throws InfraError (exit 2) before the first call, in place of a failure of each */
const checkAddress = (setting: string): void => {
  const name = process.env[setting] ? setting : setting.toUpperCase()
  const value = process.env[name]
  if (!value) return
  const whole = value.includes('://') ? value : `http://${value}`
  if (URL.canParse(whole) && KINDS.test(new URL(whole).protocol)) return
  throw refuse(`${name} is not the address of a proxy`, value, `For example: export ${name}=http://proxy.example.com:3128`)
}

/** Node's own list is replaced, not added to, by what an agent is given. */
const companyCertificates = async (): Promise<string[] | undefined> => {
  const file = process.env.AWS_CA_BUNDLE
  if (!file) return undefined
  const [{ rootCertificates }, own, extra] = await Promise.all([
    import('node:tls'),
    readFile(file, 'utf8').catch((error: Error) => {
      throw refuse(`The certificates of AWS_CA_BUNDLE cannot be read: ${file}`, error.message, 'Correct the path, or unset it')
    }),
    process.env.NODE_EXTRA_CA_CERTS ? readFile(process.env.NODE_EXTRA_CA_CERTS, 'utf8').catch(() => '') : '',
  ])
  return [...rootCertificates, own, ...(extra ? [extra] : [])]
}
