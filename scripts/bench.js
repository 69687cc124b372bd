// npm run bench [-- --quick]: what the built CLI costs on a local AWS, against its limits. Exits 1 when one is missed.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ensureBuilt, ensureInstalled, root, runBundled } from './ensure.js'

ensureInstalled()

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

process.env.BENCH_ROOT = root
await runBundled('bench/main.ts')
