// node scripts/types-python.js: pyright over the Python files. It sees no installed packages, so that it finds the same on every
// machine; what comes from moto, into which the sandbox patches, has no types that hold.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const pyright = fileURLToPath(import.meta.resolve('pyright'))
const { status, stdout } = spawnSync(process.execPath, [pyright, '--pythonpath', '/nonexistent/python'], { encoding: 'utf8' })
if (status !== 0) console.error(stdout)
process.exitCode = status ?? 1
