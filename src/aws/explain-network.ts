import { AGAIN, type Rule, type Surroundings } from './explain-rule.ts'
import { proxyFor, shownProxy } from './proxy.ts'

/** The proxy that calls of this run go through, for the screen. */
const proxyOf = (at: Surroundings): string | undefined => {
  if (at.sandbox) return undefined
  const url = process.env.AWS_ENDPOINT_URL || `https://sts.${at.region}.amazonaws.com/`
  const proxy = URL.canParse(url) ? proxyFor(url) : undefined
  return proxy === undefined ? undefined : shownProxy(proxy)
}

const through = (at: Surroundings): string => {
  const proxy = proxyOf(at)
  return proxy === undefined ? '' : ` through the proxy ${proxy}`
}

const check = (at: Surroundings): string =>
  proxyOf(at) === undefined
    ? `Check the network and AWS_ENDPOINT_URL; behind a company's proxy set HTTPS_PROXY, ${AGAIN}`
    : `Check the network, HTTPS_PROXY and NO_PROXY, ${AGAIN}`

/** What Node says when the certificate of the other side does not verify. */
const CERTIFICATE =
  /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|ERR_TLS_CERT_ALTNAME_INVALID|CERT_\w+)$/

/** Nothing came back, or something that is not from AWS. */
export const NETWORK_RULES: readonly Rule[] = [
  [
    /^UnknownOutcome/,
    (e) => ({
      what: 'AWS did not answer',
      why: e.message,
      next: 'Run the same command again: it first looks whether the call took effect',
    }),
  ],
  [
    /^NotAws$/,
    (_e, at) => ({
      what: `The proxy ${proxyOf(at) ?? 'on the way'} wants a name and a password`,
      why: 'it answered with HTTP 407',
      next: `Put them into its address, export HTTPS_PROXY=http://<name>:<password>@<host>:<port>, ${AGAIN}`,
    }),
    /HTTP 407/,
  ],
  [
    /^NotAws$/,
    (e, at) => ({
      what: 'Something other than AWS has answered',
      why: `${e.message}${through(at) && `; the call went${through(at)}`}`,
      next:
        proxyOf(at) === undefined
          ? `Sign in to the network (a hotel's page?), or set HTTPS_PROXY to your company's proxy, ${AGAIN}`
          : `Let the proxy pass *.amazonaws.com, or take hosts out of it with NO_PROXY, ${AGAIN}`,
    }),
  ],
  [
    CERTIFICATE,
    (e, at) => ({
      what: 'The certificate of AWS cannot be verified',
      why: `${e.message}${through(at)}: something on the way opens the connection`,
      next: `Give the certificates of your company (PEM), export AWS_CA_BUNDLE=<file>, ${AGAIN}`,
    }),
  ],
  [
    /^(ENOTFOUND|EAI_AGAIN)/,
    (e, at) => ({
      what: 'AWS cannot be reached',
      why: `${e.message}${through(at)}; is the region ${at.region} right, and is there a network?`,
      next: check(at),
    }),
  ],
  [
    /^(ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|Timeout|NoAnswer)/,
    (e, at) => ({
      what: at.sandbox ? 'The sandbox does not answer' : 'AWS does not answer',
      why: `${e.message || 'the connection was refused'}${through(at)}`,
      next: at.sandbox ? 'infra sandbox start' : check(at),
    }),
  ],
]
