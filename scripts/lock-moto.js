// npm run lock:moto: writes the hashes of moto and of all that comes with it, for every platform and Python, into the extension.
// Needs PyPI and uv (https://docs.astral.sh/uv). With the file, the sandbox's own environment is installed by these hashes only.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { root } from './ensure.js'

const version = /const MOTO = '([\d.]+)'/.exec(readFileSync(`${root}src/sandbox/python.ts`, 'utf8'))?.[1]
const out = 'src/sandbox/moto_ext/requirements.txt'
const args = [
  'pip',
  'compile',
  '--universal',
  '--generate-hashes',
  '--python-version',
  '3.10',
  '--no-header',
  '--output-file',
  out,
  '-',
]
const { status, error } = spawnSync('uv', args, {
  cwd: root,
  input: `moto[server]==${version}\n`,
  stdio: ['pipe', 'ignore', 'inherit'],
})
if (error) console.error(`uv could not be started: ${error.message}. Install it: https://docs.astral.sh/uv`)
else if (status === 0) console.log(`${out} holds the hashes of moto ${version}.`)
process.exit(status ?? 1)
