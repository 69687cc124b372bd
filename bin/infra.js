#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`infra needs Node 20.19 or newer, this is ${process.versions.node}.`)
  process.exit(2)
}
// The SDK warns on every run that it will ask for Node 22 from January 2027; once in the README is enough.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
const module = await import('node:module')
module.enableCompileCache?.()
const { main } = await import('../dist/cli.js').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
  console.error('infra is not built yet. Next: npm run build')
  process.exit(2)
})
process.exitCode = await main(process.argv.slice(2))
