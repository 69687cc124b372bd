// npm run crash [-- --sample k] [-- --both]: kills the built CLI at every AWS call of a stack's life, runs it again, and compares the account.
// Prints a table that must hold zeros, and exits 1 when it does not.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureBuilt, ensureInstalled, root } from './ensure.js'

ensureInstalled()
ensureBuilt()
const { rolldown } = await import('rolldown')

// Node 20 runs no TypeScript, so the runner is bundled first.
const folder = mkdtempSync(join(tmpdir(), 'infra-crash-code-'))
try {
  const bundle = await rolldown({ cwd: root, input: 'test/crash-real/main.ts', platform: 'node', logLevel: 'warn' })
  await bundle.write({ dir: folder, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' })
  process.env.CRASH_ROOT = root
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
  await import(pathToFileURL(join(folder, 'main.mjs')).href)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
