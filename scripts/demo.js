// npm run demo: from a fresh clone to a whole stack on a local AWS, with nothing but Node, npm and Python 3.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ensureBuilt, ensureInstalled, root, run } from './ensure.js'

ensureInstalled()
ensureBuilt()

const folder = join(root, 'demo')
mkdirSync(folder, { recursive: true })
const cli = join(root, 'bin', 'infra.js')
const infra = (...args) => {
  console.log(`\n$ infra ${args.join(' ')}\n`)
  return run(process.execPath, [cli, ...args], { cwd: folder })
}

const sandbox = '--sandbox'
infra('init', '--preset', 'startupwebapp', '--yes', '--force', '--set', 'monitoring.email=you@example.com', sandbox)
for (const args of [
  ['create', '--yes', sandbox],
  ['sandbox', 'push', 'startupwebapp-backend:v1'],
  ['deploy', '--image', 'v1', '--yes', sandbox],
  ['status', sandbox],
  ['db', 'list', sandbox],
  ['show-resources', sandbox],
  ['cost', sandbox],
]) {
  const code = infra(...args)
  if (code !== 0) process.exit(code)
}
console.log(`
That was a whole stack on a local AWS: nothing of it is real, nothing costs.

Go on with it (npm link makes "infra" a command; without it say node ${cli}):
  cd demo
  infra logs --sandbox                                 what the two tasks of the service write
  infra sandbox push startupwebapp-backend:v2          another image,
  infra deploy --image v2 --sandbox                    rolled out,
  infra rollback --sandbox                             and taken back
  infra db connect --sandbox                           an SQL prompt in one of the databases
  infra plan --sandbox                                 what create would change: nothing, until you edit infra.yaml
Take it down:
  infra destroy --yes --confirm startupwebapp --sandbox
  infra sandbox stop
For real, with your own account: infra init, infra plan, infra create
`)
