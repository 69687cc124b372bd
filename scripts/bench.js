// npm run bench [-- --quick]: what the built CLI costs on a local AWS, against its limits. Exits 1 when one is missed.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureBuilt, ensureInstalled, root } from './ensure.js'

ensureInstalled()
const { rolldown } = await import('rolldown')

const newest = (folder) =>
  Math.max(
    0,
    ...readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('__pycache__'))
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  )
const isFresh = () => {
  try {
    return statSync(join(root, 'dist/cli.js')).mtimeMs > Math.max(newest('src'), statSync(join(root, 'scripts/build.js')).mtimeMs)
  } catch {
    return false
  }
}
if (!isFresh()) ensureBuilt()

// Node 20 runs no TypeScript, so the bench is bundled first.
const folder = mkdtempSync(join(tmpdir(), 'infra-bench-code-'))
try {
  const bundle = await rolldown({ cwd: root, input: 'bench/main.ts', platform: 'node', logLevel: 'warn' })
  await bundle.write({ dir: folder, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' })
  process.env.BENCH_ROOT = root
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
  await import(pathToFileURL(join(folder, 'main.mjs')).href)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
