import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { main } from '../../../src/cli/program.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { InfraError } from '../../../src/core/errors.ts'
import { checkEnvironment } from '../../../src/session/environment.ts'
import { commandLine, type Globals } from '../../../src/session/globals.ts'

const FILE = `project: shop
environment: production
region: us-east-1
environments:
  staging:
  qa: { rds: { multiAz: false } }
`

describe('--env', () => {
  let dir: string
  let file: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'infra-env-'))
    file = join(dir, 'infra.yaml')
    await writeFile(file, FILE)
    await mkdir(join(dir, 'state'))
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))
  const check = async (env: string | undefined, g: Globals = {}, elsewhere = false): Promise<InfraError | undefined> => {
    const loaded = await loadConfig({ file, environment: env })
    return checkEnvironment(loaded, { ...g, ...(env === undefined ? {} : { env }) }, async () => elsewhere).then(
      () => undefined,
      (error: InfraError) => error,
    )
  }
  const state = (name: string): Promise<void> => writeFile(join(dir, 'state', name), '{}')

  it.each([undefined, 'production', 'staging', 'qa'])('%s is one that the file names', async (env) => {
    expect(await check(env)).toBeUndefined()
  })

  it('one that only a state knows counts, in the folder, of the sandbox, or where the state is kept', async () => {
    expect(await check('feature')).toBeDefined()
    await state('feature.json')
    await state('trial.sandbox.json')
    expect([await check('feature'), await check('trial'), await check('elsewhere', {}, true)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('any other is a slip, unless it is said that it is meant', async () => {
    await state('feature.json')
    const slip = await check('stagin')
    expect([slip?.exitCode, slip?.what, slip?.why]).toEqual([2, 'There is no environment stagin', 'did you mean staging?'])
    expect((await check('featur'))?.next).toContain('--env feature. For a new environment: the same command with --new-env')
    expect((await check('zzz'))?.why).toBe(
      'infra.yaml has production, staging and qa, and nothing that was made under this name is recorded',
    )
    expect((await check('zzz'))?.next).toMatch(/^--env production\. .* or write "zzz: \{\}" under environments in infra\.yaml$/)
    expect(await check('zzz', { newEnv: true })).toBeUndefined()
    expect(commandLine({ env: 'zzz', newEnv: true }, 'create')).toBe('infra create --env zzz --new-env')
  })

  it.each([
    ['plan'],
    ['create', '--yes'],
    ['destroy', '--yes'],
    ['status'],
    ['status', '--offline'],
    ['show-resources'],
    ['drift'],
    ['cost'],
    ['env'],
    ['unlock'],
    ['deploy', '--image', 'v1', '--cluster', 'a', '--service', 'b'],
    ['logs', '--cluster', 'a', '--service', 'b'],
    ['stop'],
    ['db', 'stop'],
    ['db', 'list', '--via', 'direct'],
    ['bastion', 'stop'],
    ['adopt', 'vpc', 'vpc-1'],
    ['state', 'move', 's3://a-bucket/x'],
  ])('%s %s asks before it asks AWS', async (...args) => {
    const said: string[] = []
    const { write } = process.stderr
    process.stderr.write = ((text: string) => said.push(text) > 0) as typeof write
    try {
      expect(await main([...args, '--env', 'producton', '--config', file])).toBe(2)
    } finally {
      process.stderr.write = write
    }
    expect(said.join('')).toContain(
      'There is no environment producton: did you mean production?\nNext: --env production. For a new environment: the same command with --new-env, or write "producton: {}" under environments in infra.yaml\n',
    )
  })
})
