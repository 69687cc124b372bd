import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Place, place, type Ran } from '../support/cli.ts'
import { refused } from './support/refused.ts'

// Bad input that is known before any AWS call: the endpoint counts what it hears, and answers nothing.
describe('refused without asking AWS', () => {
  let p: Place
  let server: Server
  let heard = 0
  beforeAll(async () => {
    server = createServer((_, answer) => {
      heard++
      answer.writeHead(500).end()
    })
    await new Promise<void>((r) => server.listen(0, '127.0.0.1', r))
  })
  afterAll(() => server.close())
  beforeEach(async () => {
    heard = 0
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    p = await place({ AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' })
  })
  afterEach(() => p.remove())
  const config = (text: string): Promise<void> => writeFile(join(p.dir, 'infra.yaml'), text)
  const no = async (...args: string[]): Promise<Ran> => {
    const r = refused(await p.run(...args))
    expect(heard, r.all).toBe(0)
    return r
  }

  it('what a file says does nothing to the terminal, and is not repeated without an end', async () => {
    await config(`project: "shop\\e]0;owned\\a\\e[2J"\nregion: ${'x'.repeat(1_500_000)}\n"\\e[8mhidden": 1\n`)
    const { stderr } = await no('plan')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them
    expect(stderr).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/)
    expect(stderr).toContain('hidden')
    expect(stderr.length).toBeLessThan(5000)
  })

  it.each([
    ['plan'],
    ['create', '--yes'],
    ['create'],
    ['status'],
    ['status', '--offline'],
    ['show-resources'],
    ['cost'],
    ['destroy', '--yes'],
  ])('%s without an infra.yaml', async (...args) => {
    const r = await no(...args)
    expect(r.stderr).toBe(
      'There is no infra.yaml in this folder: infra reads there what the stack shall look like.\nNext: infra init\n',
    )
  })

  it.each([
    ['config.missing', 'There is no infra.yaml in this folder', ['plan']],
    ['usage', "unknown option '--nope'", ['plan', '--nope']],
  ])('a program reads why: %s', async (code, what, args) => {
    const { stdout, code: exitCode } = await p.run(...args, '--json')
    expect(JSON.parse(stdout)).toMatchObject({ type: 'error', code, what, exitCode })
  })

  it('a --config that is not there, or a folder', async () => {
    expect((await no('plan', '--config', 'other.yaml')).stderr).toMatch(
      /There is no config file .*other\.yaml: it was named with --config/,
    )
    expect((await no('plan', '--config', '.')).stderr).toMatch(/Cannot read .*: it is not a file/)
  })

  it('a config with mistakes: all of them, each in one line', async () => {
    await config('project: Shop\nvpc: { nat: maybe }\nrdss: {}\n')
    const { stderr } = await no('create', '--yes')
    expect(stderr).toContain('infra.yaml has 3 mistakes')
    expect(stderr).toMatch(/\n {2}project is Shop: .*for example shop/)
    expect(stderr).toMatch(/\n {2}vpc\.nat is maybe: .*for example none/)
    expect(stderr).toMatch(/\n {2}rdss is not a key that infra knows: did you mean rds\?/)
    expect(stderr).toMatch(/\nNext: Fix .*infra\.yaml and run the command again\n$/)
  })

  it('databases that cannot be: one sentence', async () => {
    await config('project: shop\ndatabases: { names: [Shop] }\n')
    expect((await no('create', '--yes')).stderr).toMatch(
      /^databases\.names\.0 is Shop: it must have 1 to 63 lower-case letters, .*, for example shop\.\nNext: Fix .*infra\.yaml and run the command again\n$/,
    )
    await config('project: shop\ndatabases: { appUser: rdsadmin }\n')
    expect((await no('plan')).stderr).toMatch(/^databases\.appUser is rdsadmin: postgres keeps this name for itself/)
  })

  it('db verify by a way that is none, or with a result that is not there', async () => {
    await config('project: shop\n')
    expect((await no('db', 'verify', '--via', 'vpn')).stderr).toMatch(
      /^--via is vpn: it must be one of direct, ssm, task\.\nNext: /,
    )
    expect((await no('db', 'verify', '--via', 'print')).stderr).toMatch(/^--via is print: /)
    expect((await no('db', 'verify', '--result', 'nothing.txt')).stderr).toMatch(/^nothing\.txt cannot be read: ENOENT/)
    await writeFile(join(p.dir, 'result.txt'), 'psql: error: connection refused\n')
    expect((await no('db', 'verify', '--result', 'result.txt')).stderr).toMatch(
      /^There is no line that begins with INFRA-RESULT: /,
    )
  })

  it('broken YAML, and an alias to nothing', async () => {
    await config('project: shop: x\n')
    expect((await no('plan')).stderr).toMatch(/infra\.yaml is not valid YAML: Nested mappings .* at line 1/)
    await config('project: *shop\n')
    expect((await no('plan')).stderr).toContain('is not valid YAML: Unresolved alias')
  })

  it('a literal secret, which is not printed', async () => {
    await config('project: shop\nsecrets: { database: { keys: { api_key: { value: hunter2 } } } }\n')
    const r = await no('create', '--yes')
    expect(r.stderr).toContain('secrets.database.keys.api_key is not right: a secret does not belong in this file')
    expect(r.all).not.toContain('hunter2')
    expect((await no('create', '--yes', '--verbose')).all).not.toContain('hunter2')
  })

  it('--env and --region that are no names', async () => {
    await config('project: shop\n')
    expect((await no('plan', '--env', '../../etc')).stderr).toContain('environment is ../../etc: it must have 1 to 12')
    expect((await no('plan', '--region', 'mars')).stderr).toContain('region is mars: it must be the name of an AWS region')
  })

  it('an unknown step, with what was meant', async () => {
    await config('project: shop\nsteps: [vpc]\n')
    expect((await no('create', 'vcp', '--yes')).stderr).toMatch(/^There is no step vcp: did you mean vpc\?\nNext: .*vpc.*\n$/)
    expect((await no('create', 'kubernetes', '--yes')).stderr).toContain('There is no step kubernetes: the steps are vpc')
    expect((await no('create', 'rds', '--yes')).stderr).toContain('The step rds is switched off')
  })

  it('steps of which one stands on another that is off', async () => {
    await config('project: shop\nsteps: [rds]\n')
    expect((await no('create', '--yes')).stderr).toContain('steps has rds, but not vpc')
    expect((await no('status', '--offline')).stderr).toContain('steps has rds, but not vpc')
  })

  it('an unknown command or flag, with what was meant', async () => {
    expect((await no('crate')).stderr).toMatch(/unknown command 'crate'[\s\S]*Did you mean create\?\)\nNext: infra --help\n$/)
    expect((await no('create', '--yess')).stderr).toMatch(
      /unknown option '--yess'[\s\S]*Did you mean --yes\?\)\nNext: infra create --help\n$/,
    )
    expect((await no('status', 'vpc')).stderr).toMatch(/too many arguments[\s\S]*Next: infra status --help\n$/)
    expect((await no('db', 'add', 'x', '--nope')).stderr).toMatch(/unknown option '--nope'\nNext: infra db add --help\n$/)
    expect((await no('db', 'snapshot', 'delete', 'x', '--nope')).stderr).toMatch(/Next: infra db snapshot delete --help\n$/)
    expect((await no('create', '--env')).stderr).toMatch(/argument missing/)
    expect((await no('sandbox')).stderr).toMatch(/missing required argument/)
    expect((await no('sandbox', 'begin')).stderr).toContain(
      'infra sandbox has no begin: it knows start, stop, status, reset, env and push',
    )
  })

  describe('init', () => {
    it('without a name, over a file, with a preset or a key that there is not', async () => {
      expect((await no('init', '--yes')).stderr).toContain('init needs the name of the project')
      expect((await no('init', '--preset', 'wordpress', '--yes')).stderr).toContain(
        'There is no preset wordpress: the presets are startupwebapp',
      )
      expect((await no('init', '--preset', 'toString', '--yes')).stderr).toContain('There is no preset toString')
      expect((await no('init', '--yes', '--set', 'project=shop', '--set', 'vpc.nta=none')).stderr).toContain(
        'did you mean vpc.nat?',
      )
      expect((await no('init', '--yes', '--set', 'project')).stderr).toContain('--set project is not key=value')
      expect((await no('init', '--yes', '--set', 'project=[')).stderr).toContain('--set project: the value is not valid YAML')
      await expect(readFile(join(p.dir, 'infra.yaml'))).rejects.toThrow(/ENOENT/)
      const text = 'project: shop # mine\nvpc: {}\n'
      await config(text)
      expect((await no('init', '--yes')).stderr).toContain('is there already: init does not write over it')
      expect((await no('init', '--set', 'project.name=x')).stderr).toContain('project.name cannot be set')
      expect((await no('init', '--set', 'rds.port=80')).stderr).toContain('rds.port is 80')
      expect(await readFile(join(p.dir, 'infra.yaml'), 'utf8')).toBe(text)
      await config('project: [shop\n')
      expect((await no('init', '--set', 'project=shop')).stderr).toContain('is not valid YAML')
    })

    it('into a folder that is not there', async () => {
      expect((await no('init', '--yes', '--set', 'project=shop', '--config', 'no/such/infra.yaml')).stderr).toMatch(
        /Cannot write .*ENOENT/,
      )
    })
  })

  describe('the state', () => {
    const good = {
      format: 1,
      project: 'shop',
      environment: 'dev',
      account: '123456789012',
      region: 'us-east-1',
      sandbox: false,
      lineage: 'x',
      serial: 1,
      lookups: {},
      resources: {},
    }
    const put = async (text: string): Promise<string> => {
      await config('project: shop\nregion: us-east-1\n')
      await mkdir(join(p.dir, 'state'), { recursive: true })
      await writeFile(join(p.dir, 'state', 'dev.json'), text)
      return text
    }

    it.each([
      ['truncated', JSON.stringify(good).slice(0, 60), 'is not whole', true],
      ['empty', '', 'is not whole', true],
      ['not a state', '{"a":1}', 'is not a state file of infra', true],
      [
        'a row edited by hand',
        JSON.stringify({ ...good, resources: { vpc: { type: 'ec2.vpc' } } }),
        'resources.vpc.step is not a text',
        true,
      ],
      ['of a newer format', JSON.stringify({ ...good, format: 99 }), 'was written by a newer infra (format 99', false],
      [
        'of another region',
        JSON.stringify({ ...good, region: 'eu-west-1' }),
        'belongs to region eu-west-1, but this run is for region us-east-1',
        false,
      ],
      ['of another project', JSON.stringify({ ...good, project: 'shoe' }), 'belongs to project shoe', false],
    ])('%s is refused and stays byte for byte', async (_, text, says, backup) => {
      await put(text)
      const r = await no('status', '--offline')
      expect(r.stderr).toContain(says)
      if (backup) expect(r.stderr).toContain(`cp ${join(p.dir, 'state', 'dev.json')}.backup`)
      expect(await readFile(join(p.dir, 'state', 'dev.json'), 'utf8')).toBe(text)
      if (!says.startsWith('belongs')) expect((await no('cost')).stderr).toContain(says)
    })
  })
})
