import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { freshAccount } from '../support/account.ts'
import { BIN, INIT, type Place, place } from '../support/cli.ts'
import { startMoto, type TestServer } from '../support/moto.ts'
import { type FaultProxy, startProxy } from '../support/proxy.ts'
import { KEYS, type Terminal, terminal } from './support/terminal.ts'

const url = inject('motoUrl')
const { enter, down, ctrlC } = KEYS
const PROGRAM = /undefined|\[object |^ {4}at |TypeError|ExitPromptError/m

describe.skipIf(!url)('in a terminal', () => {
  let proxy: FaultProxy
  let p: Place
  beforeAll(async () => {
    proxy = await startProxy(url ?? '')
  })
  afterAll(() => proxy?.close())
  beforeEach(async () => {
    p = await place({ ...(await freshAccount(url ?? '')).env, AWS_ENDPOINT_URL: proxy.url })
    delete p.env.AWS_REGION
    proxy.clear()
  })
  afterEach(() => p.remove())
  const file = (): Promise<string> => readFile(join(p.dir, 'infra.yaml'), 'utf8')
  const ends = async (t: Terminal, code: number): Promise<void> => {
    expect(await t.done, t.screen()).toBe(code)
    expect(t.screen()).not.toMatch(PROGRAM)
  }

  it('a first create in an empty folder: questions, plan, yes, live lines, what is next', async () => {
    const t = terminal(p, ['create', 'vpc'])
    await t.answer('What should the stack look like?', enter)
    await t.answer('Name of the project', enter)
    await t.answer('Environment', `${enter}`)
    await t.answer('AWS region', `${enter}`)
    // Its tasks need the NAT gateway, unless they run in public subnets: asked once, with both prices.
    await t.sees('Where do the containers run?')
    for (const line of [/with a NAT gateway \(\$36\.50\) +about \$125\.73 a month/, /without one +about \$96\.53 a month/])
      await t.sees(line)
    t.press(enter)
    await t.sees('Do it?')
    expect(t.screen()).toMatch(/\+ create +private-subnet-2 +/)
    expect(t.screen()).toContain('18 to create')
    expect(t.screen()).toContain('A month of it: $36.50')
    expect(proxy.changing()).toEqual([])
    t.press(enter)
    await ends(t, 0)
    expect(t.screen()).toMatch(/✓ vpc created vpc-/)
    expect(t.screen()).toMatch(/✓ vpc done in/)
    expect(t.screen()).toContain('Next: infra create security-groups')
    // The cursor is back and no line is left half drawn.
    expect(t.raw().lastIndexOf('\x1b[?25h')).toBeGreaterThanOrEqual(t.raw().lastIndexOf('\x1b[?25l'))
    const text = await file()
    expect(text).toMatch(/^preset: startupwebapp {3}#/m)
    expect(text).toMatch(/^ {2}# nat: single/m)
    expect(text).toContain('azCount: 2                  # availability zones')
    expect(Object.keys((await p.state()).resources)).toHaveLength(18)
  })

  it("answers of one's own, checked at once; no at the plan changes nothing", async () => {
    const t = terminal(p, ['create', 'vpc'])
    await t.answer('What should the stack look like?', `${down}${enter}`)
    await t.answer('Name of the project', `My Shop${enter}`)
    await t.sees('project is My Shop: it must have 2 to 20 lower-case letters')
    t.press(`${'\x7f'.repeat(7)}shop${enter}`)
    await t.answer('Environment', `qa${enter}`)
    await t.answer('AWS region', `eu-west-1${enter}`)
    await t.sees('Create a NAT gateway?')
    // Its price is on the screen before it is chosen.
    for (const line of [/none +saves \$36\.50 a month/, /single +\$36\.50 a month/, /per zone +\$73\.00 a month/])
      await t.sees(line)
    t.press(`${down}${enter}`)
    await t.answer('Do it?', `n${enter}`)
    await ends(t, 0)
    expect(t.screen()).toContain('Nothing was changed.')
    expect(t.screen()).toMatch(/\+ create +nat-gateway +.*\$32\.85/)
    expect(proxy.changing()).toEqual([])
    const text = await file()
    for (const line of ['project: shop', 'environment: qa', 'region: eu-west-1', '  nat: single'])
      expect(text).toContain(`\n${line}\n`)
    expect(text).not.toContain('preset:')
    await expect(p.state('qa.json')).rejects.toThrow(/ENOENT/)
  })

  it.each([
    ['the first question', 'What should the stack look like?', []],
    ['the project', 'Name of the project', [enter]],
    ['NAT', 'Create a NAT gateway?', [`${down}${enter}`, `shop${enter}`, enter, enter]],
    ['the plan', 'Do it?', [`${down}${enter}`, `shop${enter}`, enter, enter, enter]],
  ] as const)('Ctrl-C at %s leaves with 130 and nothing changed', async (_, at, before) => {
    const asked = [
      'What should the stack look like?',
      'Name of the project',
      'Environment',
      'AWS region',
      'Create a NAT gateway?',
    ]
    const t = terminal(p, ['create', 'vpc'])
    for (const [i, keys] of before.entries()) await t.answer(asked[i] ?? '', keys)
    await t.answer(at, ctrlC)
    await ends(t, 130)
    expect(t.screen()).toContain('Nothing was changed in the account.')
    expect(proxy.changing()).toEqual([])
    // The next run is not kept out by a lock.
    if (before.length > 4) expect((await p.run('plan', 'vpc')).code).toBe(0)
  })

  it('Ctrl-C while it looks around leaves, and asks nothing any more', async () => {
    expect((await p.run(...INIT, '--set', 'vpc.nat=none')).code).toBe(0)
    proxy.rules = [{ match: /^ec2\.Describe/, delay: 800 }]
    const t = terminal(p, ['create', 'vpc'])
    const began = Date.now()
    while (!proxy.log.some((c) => c.op.startsWith('ec2.Describe')) && Date.now() - began < 10_000)
      await new Promise((r) => setTimeout(r, 20))
    t.press(ctrlC)
    await ends(t, 130)
    proxy.rules = []
    expect(t.screen()).not.toContain('Do it?')
    expect(t.screen()).toContain('Nothing was changed')
    expect(proxy.changing()).toEqual([])
    expect((await p.run('create', 'vpc', '--yes')).code).toBe(0)
  })

  it('create rds offers the steps that it needs; no refuses, yes makes them', async () => {
    expect((await p.run(...INIT)).code).toBe(0)
    const no = terminal(p, ['create', 'rds'])
    await no.answer('rds needs vpc, security-groups and secrets first. Create them too?', `n${enter}`)
    await ends(no, 2)
    expect(no.screen()).toContain('Next: infra create vpc security-groups secrets rds')
    expect(proxy.changing()).toEqual([])
    const yes = terminal(p, ['create', 'rds'])
    await yes.answer('Create them too?', enter)
    // A step that comes along has its question too, and the answer is asked for once.
    await yes.answer('Create a NAT gateway?', enter)
    await yes.answer('Do it?', enter)
    await ends(yes, 0)
    expect(yes.screen()).toContain('vpc, security-groups, secrets and rds done in')
    expect(yes.screen()).toContain('Next: infra create monitoring')

    // Data has its own question: the name of the project, typed.
    proxy.clear()
    const wrong = terminal(p, ['destroy'])
    await wrong.answer('Type the name of the project to go on', `yes${enter}`)
    await ends(wrong, 0)
    expect(wrong.screen()).toContain('That is not startupwebapp. Nothing was changed.')
    expect(wrong.screen()).toMatch(/- delete +db-instance .*holds data, a final snapshot is taken/)
    expect(proxy.changing()).toEqual([])
    const right = terminal(p, ['destroy'])
    await right.answer('Type the name of the project to go on', `startupwebapp${enter}`)
    await ends(right, 0)
    expect(right.screen()).toMatch(/✓ 26 resources of .* gone after/)
    expect(right.screen()).toMatch(/stays: .*final/)
    expect(Object.keys((await p.state()).resources)).toEqual([])
  })

  it('without credentials nothing is asked, and nothing is written into infra.yaml', async () => {
    const text = 'project: shop\nregion: us-east-1\n'
    await writeFile(join(p.dir, 'infra.yaml'), text)
    const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...env } = p.env
    const t = terminal({ ...p, env }, ['create', 'vpc'])
    await ends(t, 2)
    expect(t.screen()).not.toContain('NAT gateway')
    expect(await readFile(join(p.dir, 'infra.yaml'), 'utf8')).toBe(text)
  })

  it('of 0 columns (docker run -t, CI): it runs to its end', async () => {
    expect((await p.run(...INIT, '--set', 'vpc.nat=none')).code).toBe(0)
    // `script` gives its terminal the size of its own, and it has none here.
    const child = spawn('script', ['-qec', `'${process.execPath}' '${BIN}' create vpc --yes`, '/dev/null'], {
      cwd: p.dir,
      env: { ...p.env, TERM: 'xterm' },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let written = 0
    child.stdout.on('data', (part: Buffer) => {
      written += part.length
      // The attack wrote a megabyte a second, and only a kill ended it.
      if (written > 500_000) child.kill('SIGKILL')
    })
    const [code] = (await once(child, 'exit')) as [number | null]
    expect(code).toBe(0)
    expect(written).toBeLessThan(100_000)
    expect(Object.keys((await p.state()).resources).length).toBeGreaterThan(10)
  })

  it('no colour where none is wanted, and the words say it all', async () => {
    await writeFile(join(p.dir, 'infra.yaml'), 'project: shop\nregion: us-east-1\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are made of
    const colour = /\x1b\[(3[0-7]|9[0-7]|38|1|2)m/
    const plain = async (args: string[], env: Record<string, string> = {}): Promise<string> => {
      Object.assign(p.env, env)
      const t = terminal(p, args)
      await t.done
      for (const k of Object.keys(env)) delete p.env[k]
      expect(t.screen()).toContain('6 steps done')
      return t.raw()
    }
    expect(await plain(['status'])).toMatch(colour)
    expect(await plain(['status', '--no-color'])).not.toMatch(colour)
    expect(await plain(['status'], { NO_COLOR: '1' })).not.toMatch(colour)
    expect(await plain(['status'], { TERM: 'dumb' })).toContain('not started')
    const asked = terminal(p, ['create', 'vpc', '--no-color'])
    await asked.answer('Create a NAT gateway?', ctrlC)
    await asked.done
    expect(asked.raw()).not.toMatch(colour)
  })
})

describe.skipIf(!url)('in a terminal, with a database that takes its time', () => {
  let moto: TestServer
  let p: Place
  beforeAll(async () => {
    moto = await startMoto('rds=3')
    p = await place((await freshAccount(moto.url)).env)
    expect((await p.run(...INIT, '--set', 'vpc.nat=none')).code).toBe(0)
  })
  afterAll(async () => {
    await p?.remove()
    await moto?.stop()
  })

  it('Ctrl-C while RDS is creating says what happens, leaves with 130, and create --yes finishes it', async () => {
    const t = terminal(p, ['create'])
    await t.answer('Do it?', enter)
    await t.sees(/db-instance creating/)
    t.press(ctrlC)
    await t.sees('Stopping: the calls in flight are finished and recorded. Press Ctrl-C again to leave at once')
    expect(await t.done, t.screen()).toBe(130)
    expect(t.screen()).toContain('Interrupted. What is done stays done and is recorded. To go on: infra create')
    expect(t.screen()).not.toMatch(PROGRAM)
    expect((await p.state()).resources['db-instance']?.is).toBe('creating')
    const s = await p.run('status')
    // Partial where this machine was so slow that the database is there by now; the rest of the step is not.
    expect(s.stdout).toMatch(/rds +(… in progress|~ partial)/)
    const r = await p.run('create', '--yes')
    expect(r.code, r.all).toBe(0)
    expect((await p.state()).resources['db-instance']?.is).toBe('ready')
    expect((await p.run('status', '--json')).json<{ progress: object }>().progress).toEqual({ done: 5, total: 5 })
  })
})
