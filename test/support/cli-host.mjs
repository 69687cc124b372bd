// Runs command lines of the built CLI one after another, as processes would: each in its own folder, with its own environment and
// output. What a process costs before its first line (Node, the SDK) is paid once. See cli-hosted.ts.
import { writeFileSync } from 'node:fs'
import module from 'node:module'

module.enableCompileCache?.()
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
const { main } = await import('../../dist/cli.js')

const OWN = ['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'NODE_COMPILE_CACHE', 'NODE_CHANNEL_FD']
const kept = Object.fromEntries(OWN.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))
const exit = process.exit

process.on('disconnect', () => exit(0))
process.on('message', async ({ args, env, dir, last }) => {
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'])
    process[name].write = (part, encoding, done) => {
      said[name] += typeof part === 'string' ? part : Buffer.from(part).toString('utf8')
      const heard = typeof encoding === 'function' ? encoding : done
      if (heard) process.nextTick(heard)
      return true
    }
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env, kept)
  process.chdir(dir)
  // Nothing runs on after it: what it has said goes by a file, since a message would need another turn.
  process.exit = (code) => {
    writeFileSync(last, JSON.stringify({ ...said, code: code ?? 0 }))
    exit(0)
  }
  const code = await main(args)
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error')
  process.send({ ...said, code })
})
process.send('ready')
