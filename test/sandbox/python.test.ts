import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { extensionDir } from '../../src/sandbox/paths.ts'
import { findPython } from '../../src/sandbox/python.ts'

const run = promisify(execFile)

/** Writes a wheel that pip accepts in place of moto[server] and all that comes with it. */
const WHEEL = `
import sys, zipfile
meta = "Metadata-Version: 2.1\\nName: moto\\nVersion: 5.2.1\\nProvides-Extra: server\\n"
tag = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
files = {"moto/__init__.py": "", "moto/server.py": "", "flask/__init__.py": "", "flask_cors/__init__.py": "",
  "moto-5.2.1.dist-info/METADATA": meta, "moto-5.2.1.dist-info/WHEEL": tag}
record = "".join(name + ",,\\n" for name in [*files, "moto-5.2.1.dist-info/RECORD"])
with zipfile.ZipFile(sys.argv[1] + "/moto-5.2.1-py3-none-any.whl", "w") as wheel:
    for name, text in {**files, "moto-5.2.1.dist-info/RECORD": record}.items():
        wheel.writestr(name, text)
`

describe.skipIf(!inject('motoUrl'))('finding a Python for the sandbox', () => {
  let real: string
  let folder: string
  let bin: string
  beforeAll(async () => {
    real = (await findPython()).path
  })
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'infra-python-'))
    bin = join(folder, 'bin')
    await mkdir(bin)
  })
  afterEach(async () => await rm(folder, { recursive: true, force: true }))

  const script = async (name: string, text: string) => {
    await writeFile(join(bin, name), text)
    await chmod(join(bin, name), 0o755)
  }
  const shell = (name: string, line: string) => script(name, `#!/bin/sh\n${line}\n`)
  const cache = () => join(folder, 'cache')
  const env = () => ({
    PATH: bin,
    INFRA_CACHE_DIR: cache(),
    PIP_NO_INDEX: '1',
    PIP_FIND_LINKS: folder,
    PIP_CONFIG_FILE: '/dev/null',
    PYTHONDONTWRITEBYTECODE: '1',
  })

  it('reads the interpreter of moto_server from its first line', async () => {
    await script('moto_server', `#!${real}\nimport sys\n`)
    await shell('python3', 'exit 1')
    expect(await findPython({ env: env() })).toMatchObject({ path: real, from: 'moto_server' })
  })

  it('asks the python on the PATH when moto_server is a shim', async () => {
    await shell('moto_server', 'exit 1')
    await shell('python3', 'exit 1')
    await shell('python', `exec "${real}" "$@"`)
    expect(await findPython({ env: env() })).toMatchObject({ path: real, from: 'python' })
  })

  it('says which ways there are when none works', async () => {
    await expect(findPython({ env: env() })).rejects.toMatchObject({
      name: 'SandboxError',
      why: 'There is no python3 on the PATH',
      next: expect.stringMatching(/pip install 'moto\[server\]==5\.2\.1'.*Docker is not used.*AWS_ENDPOINT_URL/s),
    })
    await shell('python3', 'echo the shelf is empty >&2; exit 1')
    await expect(findPython({ env: env() })).rejects.toMatchObject({
      why: expect.stringMatching(/python3 -m venv failed: the shelf is empty \(.*python3 has no moto\)/),
    })
  })

  it('makes an environment of its own, whole or not at all, and only once', async () => {
    const lines: string[] = []
    const find = () => findPython({ env: env(), report: (line) => lines.push(line) })
    // Makes an environment whose pip finds nothing, without the seconds that a real one takes.
    const pip = '#!/bin/sh\necho no matching distribution; exit 1'
    await shell(
      'python3',
      `PATH=/usr/bin:/bin; [ "$1" = -m ] || exit 1
      mkdir -p "$3/bin" && echo '${pip}' > "$3/bin/python" && chmod +x "$3/bin/python"`,
    )
    await expect(find()).rejects.toMatchObject({
      why: expect.stringContaining('pip could not install moto[server]==5.2.1: no matching distribution'),
    })
    expect(await readdir(cache())).toEqual([])

    await shell('python3', `exec "${real}" -S "$@"`) // -S: without its installed packages
    await run(real, ['-c', WHEEL, folder])
    await mkdir(join(cache(), 'moto-5.2.1', 'bin'), { recursive: true }) // left by a machine that lost power
    await symlink(real, join(cache(), 'moto-5.2.1', 'bin', 'python-half'))
    lines.length = 0
    const found = await find()
    expect(found).toEqual({ path: join(cache(), 'moto-5.2.1', 'bin', 'python'), moto: '5.2.1', from: 'environment' })
    expect(lines.at(-1)).toBe('moto 5.2.1 is installed')
    expect(await readdir(cache())).toEqual(['moto-5.2.1'])
    lines.length = 0
    expect([await find(), lines]).toEqual([found, []])
  }, 180_000)

  it('has pip install by hashes, and build nothing, where the hashes are written down; without variables of AWS', async () => {
    const requirements = join(folder, 'requirements.txt')
    const pip = '#!/bin/sh\necho "$@" $AWS_SECRET_ACCESS_KEY; exit 1'
    await shell(
      'python3',
      `PATH=/usr/bin:/bin; [ "$1" = -m ] || exit 1
      mkdir -p "$3/bin" && echo '${pip}' > "$3/bin/python" && chmod +x "$3/bin/python"`,
    )
    const asked = () =>
      findPython({ env: { ...env(), AWS_SECRET_ACCESS_KEY: 'mine' }, requirements }).catch((e: { why: string }) => e.why)
    expect(await asked()).toMatch(/--disable-pip-version-check moto\[server\]==5\.2\.1 \(/)
    await writeFile(requirements, 'moto[server]==5.2.1 --hash=sha256:0')
    expect(await asked()).toMatch(/--require-hashes --only-binary=:all: -r \S+requirements\.txt \(/)
  })

  it('refuses to run on a moto that it was not made for', async () => {
    const old = join(folder, 'old', 'moto-4.9.9.dist-info')
    await mkdir(old, { recursive: true })
    await writeFile(join(old, 'METADATA'), 'Metadata-Version: 2.1\nName: moto\nVersion: 4.9.9\n')
    const call = run(real, [extensionDir(), '-p', '1'], { env: { ...env(), PYTHONPATH: join(folder, 'old') } })
    await expect(call).rejects.toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/made for moto 5\.2\.x, but this Python has moto 4\.9\.9\. Install: pip install/),
    })
    await shell('python3', `[ "$1" != -m ] && PYTHONPATH="${join(folder, 'old')}" exec "${real}" "$@"`)
    await expect(findPython({ env: env() })).rejects.toMatchObject({ why: expect.stringContaining('has moto 4.9.9') })
  })
})
