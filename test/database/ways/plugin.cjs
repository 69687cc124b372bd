// Stands in for AWS's session-manager-plugin: prints what that prints, and forwards to the host and port of the request.
const { appendFileSync, existsSync, writeFileSync } = require('node:fs')
const net = require('node:net')

const { STAND_IN_VERSION = '1.2.764.0', STAND_IN_MODE = '', STAND_IN_RECORD = '/dev/null', STAND_IN_ONCE = '' } = process.env
const args = process.argv.slice(2)
if (args[0] === '--version') {
  console.log(STAND_IN_VERSION)
  process.exit(STAND_IN_MODE === 'ill' ? 1 : 0)
}
const [given = '', region, operation, profile, requestText = '', endpoint] = args
const named = given.startsWith('AWS_SSM_START_SESSION_RESPONSE')
// The real one of 1.2.497.0 and older knows no names.
if (named && STAND_IN_VERSION === '1.2.497.0') {
  console.log('Cannot perform start session: invalid character')
  process.exit(0)
}
const { SessionId, TokenValue } = JSON.parse(named ? (process.env[given] ?? '') : given)
const { Target, Parameters } = JSON.parse(requestText)
const host = process.env.STAND_IN_HOST ?? Parameters.host[0]
const port = Number(Parameters.portNumber[0])
const local = Number(Parameters.localPortNumber[0])
appendFileSync(
  STAND_IN_RECORD,
  `${JSON.stringify({ args, pid: process.pid, region, operation, profile, endpoint, Target, token: TokenValue, SessionId, local })}\n`,
)
console.log(`\nStarting session with SessionId: ${SessionId}`)

if (STAND_IN_MODE === 'broken') {
  console.log(`Cannot perform start session: websocket: bad handshake (${TokenValue})`)
  process.exit(0)
}
if (STAND_IN_MODE === 'stubborn') for (const s of ['SIGINT', 'SIGTERM']) process.on(s, () => {})
else
  process.on('SIGINT', () => {
    appendFileSync(STAND_IN_RECORD, `${JSON.stringify({ interrupted: SessionId, pid: process.pid })}\n`)
    console.log(`Terminate signal received, exiting.\n\nExiting session with sessionId: ${SessionId}.\n`)
    process.exit(0)
  })
if (STAND_IN_MODE === 'silent') setInterval(() => {}, 1000)
else {
  const server = net.createServer((near) => {
    console.log(`\nConnection accepted for session [${SessionId}]`)
    const far = net.connect(port, host)
    far.on('error', () => {
      console.log('\nConnection to destination port failed, check SSM Agent logs.')
      near.destroy()
    })
    near.on('error', () => far.destroy())
    near.pipe(far).pipe(near)
  })
  const taken = () => {
    console.log(`Cannot perform start session: listen tcp 127.0.0.1:${local}: bind: address already in use`)
    process.exit(0)
  }
  server.on('error', taken)
  if (STAND_IN_MODE === 'taken-once' && !existsSync(STAND_IN_ONCE)) {
    writeFileSync(STAND_IN_ONCE, '')
    taken()
  }
  server.listen(local, process.env.SSM_PLUGIN_LOCAL_HOST ?? 'localhost', () => {
    if (STAND_IN_MODE === 'mute') return
    console.log(`Port ${local} opened for sessionId ${SessionId}.\nWaiting for connections...`)
    if (STAND_IN_MODE === 'dies')
      setTimeout(() => {
        console.log(`Session: ${SessionId} timed out.`)
        process.exit(0)
      }, 100)
  })
}
