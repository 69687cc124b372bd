// Stands in for AWS's session-manager-plugin in a shell session: prints what that prints, takes keys and signals as that does.
const { appendFileSync } = require('node:fs')
const { spawnSync } = require('node:child_process')

const { STAND_IN_RECORD = '/dev/null', STAND_IN_MODE = '', STAND_IN_VERSION = '1.2.764.0' } = process.env
const args = process.argv.slice(2)
if (args[0] === '--version') {
  console.log(STAND_IN_VERSION)
  process.exit(0)
}
const [given = '', region, operation, profile, request = ''] = args
const { SessionId, TokenValue } = JSON.parse(given.startsWith('AWS_SSM') ? process.env[given] : given)
const note = (more) => appendFileSync(STAND_IN_RECORD, `${JSON.stringify(more)}\n`)
note({ pid: process.pid, args, region, operation, profile, Target: JSON.parse(request).Target, SessionId, TokenValue })
console.log(`\nStarting session with SessionId: ${SessionId}`)
if (STAND_IN_MODE === 'refused') {
  console.log(`Cannot perform start session: websocket: bad handshake (${TokenValue})`)
  process.exit(0)
}
const bye = (code) => {
  console.log(`\nExiting session with sessionId: ${SessionId}.\n`)
  process.exit(code)
}
if (STAND_IN_MODE === 'command') {
  // At the end of its input it gives up.
  process.stdin.on('end', () => {
    console.log('Cannot perform start session: EOF')
    process.exit(0)
  })
  process.stdin.resume()
  console.log('what the command says')
  setTimeout(() => bye(Number(process.env.STAND_IN_CODE ?? 0)), 50)
} else {
  if (process.stdin.isTTY) spawnSync('stty', ['cbreak', '-echo'], { stdio: 'inherit' })
  for (const name of ['SIGINT', 'SIGQUIT', 'SIGTSTP'])
    process.on(name, () => {
      note({ signal: name })
      console.log(`remote hears ${name}`)
    })
  process.stdin.on('data', (keys) => {
    if (/exit/.test(keys)) bye(0)
    console.log(`remote hears ${keys}`)
  })
  setInterval(() => {}, 1000)
  console.log('remote $ ')
}
