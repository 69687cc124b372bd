import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { packagesIn, thirdParty } from '../scripts/licenses.js'

const ROOT = new URL('..', import.meta.url).pathname
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

describe('licences', () => {
  const folder = mkdtempSync(join(tmpdir(), 'infra-licenses-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  /** A package as npm installs it, with a module in a folder that says only how it is to be read. */
  const made = (name: string, about: object, files: Record<string, string> = {}): string => {
    const at = join(folder, 'node_modules', name)
    mkdirSync(join(at, 'esm'), { recursive: true })
    writeFileSync(join(at, 'esm', 'package.json'), '{"type":"module"}')
    writeFileSync(join(at, 'package.json'), JSON.stringify({ name, version: '1.0.0', ...about }))
    for (const [file, text] of Object.entries(files)) writeFileSync(join(at, file), text)
    return join(at, 'esm', 'index.js')
  }

  it('every package of the bundle has its text, once for all that share it; our own modules have none', () => {
    const ids = [
      made('one', { license: 'MIT' }, { LICENSE: 'Copyright One\r\n' }),
      made('two', { license: 'MIT' }, { 'license.md': 'Copyright One' }),
      made('@scope/three', { license: 'Apache-2.0' }, { LICENSE: 'Apache', NOTICE: 'Three was made by three' }),
      made('@scope/four', { license: 'Apache-2.0' }),
      made('five', { license: 'MIT', author: { name: 'Eve' } }),
      join(ROOT, 'src/cli/program.ts'),
      '\0virtual',
    ]
    const text = thirdParty(packagesIn([...ids, ...ids]))
    expect(text.match(/Copyright One/g)).toHaveLength(1)
    for (const part of [
      'one 1.0.0 (MIT)\ntwo 1.0.0 (MIT)\n',
      '@scope/four 1.0.0 (Apache-2.0)\n@scope/three',
      'Three was made by three',
      'Copyright (c) Eve',
    ])
      expect(text).toContain(part)
  })

  it('the build stops at a licence that nobody has read, and at one without its text', () => {
    const wrong = (name: string, about: object) => () => thirdParty(packagesIn([made(name, about)]))
    expect(wrong('gpl', { license: 'GPL-3.0' })).toThrow('gpl 1.0.0 is under GPL-3.0')
    expect(wrong('none', {})).toThrow('none 1.0.0 is under no licence')
    expect(wrong('bare', { license: 'ISC' })).toThrow('bare 1.0.0 comes without the text of its licence')
    expect(wrong('nobody', { license: 'MIT' })).toThrow('comes without the text')
  })

  it('the bundle is shipped with those of what src imports, and with ours', () => {
    const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'))
    const imports = files.flatMap((f) =>
      [...read(join('src', f)).matchAll(/^(?!import type).*(?:from |import\()'((?:@[^/']+\/)?[\w-][^/']*)/gm)].map(
        (m) => m[1] ?? '',
      ),
    )
    const names = [...new Set(imports)].filter((name) => !name.startsWith('node:')).sort()
    expect(names.length).toBeGreaterThan(15)
    const text = read('dist/THIRD-PARTY-LICENSES.txt')
    for (const name of names) {
      const { version } = JSON.parse(read(`node_modules/${name}/package.json`))
      expect(text, name).toContain(`\n${name} ${version} (`)
      const file = readdirSync(join(ROOT, 'node_modules', name)).find((f) => /^licen[cs]e/i.test(f))
      if (file) expect(text, name).toContain(read(`node_modules/${name}/${file}`).replaceAll('\r\n', '\n').trim())
    }
    const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const shipped = (JSON.parse(packed)[0].files as { path: string }[]).map((f) => f.path)
    expect(shipped).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'dist/THIRD-PARTY-LICENSES.txt',
        'dist/moto_ext/gate.py',
        'dist/moto_ext/ecs/rollout.py',
      ]),
    )
    expect(JSON.parse(read('package.json')).license).toBe('MIT')
    expect(read('LICENSE')).toMatch(/^MIT License/)
  })
})
