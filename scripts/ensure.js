// What `npm run demo` and `npm test` need, brought about: installed packages and a fresh build.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

const time = (file) => (existsSync(`${root}/${file}`) ? statSync(`${root}/${file}`).mtimeMs : 0)

export const run = (command, args, options = {}) => {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options })
  if (error) {
    console.error(`${command} could not be started: ${error.message}`)
    return 1
  }
  return status ?? 1
}

/** Installs the packages of the lock file when they are missing or older than it. */
export const ensureInstalled = () => {
  const installed = time('node_modules/.package-lock.json')
  if (installed > 0 && installed >= time('package-lock.json')) return
  console.log('Installing the packages (npm ci), about half a minute...')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  if (run(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error']) !== 0) {
    console.error('npm ci failed: see above. It needs the npm registry once.')
    process.exit(1)
  }
}

export const ensureBuilt = () => {
  if (run(process.execPath, ['scripts/build.js']) !== 0) process.exit(1)
}

/** Runs a TypeScript program of this repository. Node 20 runs no TypeScript, so it is bundled first. */
export const runBundled = async (entry) => {
  const { rolldown } = await import('rolldown')
  const folder = mkdtempSync(join(tmpdir(), 'infra-code-'))
  try {
    const bundle = await rolldown({ cwd: root, input: entry, platform: 'node', logLevel: 'warn' })
    await bundle.write({ dir: folder, format: 'esm', entryFileNames: 'main.mjs', chunkFileNames: '[name]-[hash].mjs' })
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
    await import(pathToFileURL(join(folder, 'main.mjs')).href)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
