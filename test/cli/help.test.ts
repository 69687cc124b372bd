import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { program } from '../../src/cli/program.ts'
import { type Place, place } from '../support/cli.ts'

/** What the sources declare: a new command or flag is in this test by being there. */
const cli = program(async () => undefined)
const GLOBAL = cli.options.flatMap((o) => (o.long && o.long !== '--version' ? [o.long] : []))
const COMMANDS = cli.commands.map((c) => [c.name(), c.options.flatMap((o) => o.long ?? [])] as const)

describe('help', () => {
  let p: Place
  beforeAll(async () => {
    p = await place()
  })
  afterAll(() => p.remove())

  it('knows the flags and the commands that scripts rely on', () => {
    const promised = ['--config', '--env', '--region', '--profile', '--sandbox', '--yes', '--json', '--no-color', '--verbose']
    expect(GLOBAL).toEqual(expect.arrayContaining(promised))
    const commands = ['init', 'plan', 'create', 'status', 'show-resources', 'destroy', 'cost', 'sandbox']
    expect(COMMANDS.map(([name]) => name)).toEqual(expect.arrayContaining(commands))
  })

  it('is what infra alone shows, with all commands, exit 0', async () => {
    const [alone, asked, short] = await Promise.all([p.run(), p.run('--help'), p.run('-h')])
    expect([alone.code, alone.stderr]).toEqual([0, ''])
    expect(asked).toMatchObject({ code: 0, stdout: alone.stdout, stderr: '' })
    expect(short.stdout).toBe(alone.stdout)
    for (const word of [...COMMANDS.map(([name]) => name), ...GLOBAL]) expect(alone.stdout).toContain(word)
    for (const word of ['infra init', 'infra create --sandbox', 'monitoring']) expect(alone.stdout).toContain(word)
  })

  it.each(COMMANDS)('of %s names its flags and the global ones', async (command, flags) => {
    const r = await p.run(command, '--help')
    expect([r.code, r.stderr]).toEqual([0, ''])
    expect(r.stdout).toContain(`infra ${command}`)
    for (const flag of [...flags, ...GLOBAL]) expect(r.stdout).toContain(flag)
    expect(r.stdout).not.toMatch(/undefined|\[object/)
  })

  it('no line is wider than a terminal', async () => {
    for (const [command] of COMMANDS)
      for (const line of (await p.run(command, '--help')).stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100)
  })

  it('--version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
    for (const flag of ['--version', '-V'])
      expect(await p.run(flag)).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('infra help, as in other tools, is not an error', async () => {
    expect((await p.run('help')).code).toBe(0)
    expect((await p.run('help', 'create')).stdout).toContain('--refresh-ip')
  })
})
