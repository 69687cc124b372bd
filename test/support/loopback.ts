import { Socket } from 'node:net'

// No test may reach a real AWS, whatever it does wrong: a socket to anything but this machine is refused before it opens.
// Processes that tests start get the same rule from INFRA_LOOPBACK_ONLY, which the CLI itself enforces.
// What the build puts in its place.
Object.assign(globalThis, { INFRA_VERSION: '0.0.0-test' })
process.env.INFRA_LOOPBACK_ONLY = '1'
process.env.AWS_EC2_METADATA_DISABLED = 'true'
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
const SETTINGS = [
  'AWS_PROFILE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_ENDPOINT_URL',
  'AWS_CA_BUNDLE',
  'INFRA_SANDBOX',
]
const PROXIES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()])
for (const name of [...SETTINGS, ...PROXIES]) delete process.env[name]

const isLoopback = (host: string | undefined): boolean => host === undefined || /^(127\.\d+\.\d+\.\d+|localhost|::1)$/.test(host)

const connect = Socket.prototype.connect
Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
  const first: unknown = Array.isArray(args[0]) ? args[0][0] : args[0]
  const host =
    first !== null && typeof first === 'object'
      ? (first as { host?: string }).host
      : typeof args[1] === 'string'
        ? args[1]
        : undefined
  if (!isLoopback(host)) throw new Error(`a test tried to reach ${host}: only this machine may be reached`)
  return (connect as (...a: unknown[]) => Socket).apply(this, args)
} as typeof connect
