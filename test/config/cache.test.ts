import { chmod, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cached, remember } from '../../src/config/cache.ts'
import { type Place, place } from '../support/cli.ts'

interface Told {
  readonly project: string
  readonly environment: string
  readonly region: string
}

// The bundle remembers what it made of a file. Whatever the answer depends on must be seen at once.
describe('the memory of the config', () => {
  let p: Place
  beforeEach(async () => {
    p = await place()
  })
  afterEach(async () => {
    await chmod(join(p.dir, '.cache', 'configs'), 0o700).catch(() => undefined)
    await p.remove()
  })
  const file = (): string => join(p.dir, 'infra.yaml')
  const told = async (...args: string[]): Promise<Told> => {
    const r = await p.run('status', '--offline', '--json', ...args)
    expect(r.code, r.all).toBe(0)
    const { project, environment, region } = r.json<Told>()
    return { project, environment, region }
  }
  const entries = async (): Promise<string[]> => readdir(join(p.dir, '.cache', 'configs')).catch(() => [])

  it('has nothing of its own to say: a change of the file, of --env, of --region and of AWS_REGION is seen at once', async () => {
    await writeFile(file(), 'project: shop\n')
    const first = { project: 'shop', environment: 'dev', region: 'us-east-1' }
    expect(await told()).toEqual(first)
    expect(await entries()).toHaveLength(1)
    expect(await told()).toEqual(first)
    // The same length and the same times: neither is what it goes by.
    await writeFile(file(), 'project: shoe\n')
    await utimes(file(), 1, 1)
    expect(await told()).toEqual({ ...first, project: 'shoe' })
    await writeFile(file(), 'project: shop\n')
    await utimes(file(), 1, 1)
    expect(await told()).toEqual(first)
    expect(await told('--env', 'qa', '--new-env')).toEqual({ ...first, environment: 'qa' })
    expect(await told('--region', 'eu-west-1')).toEqual({ ...first, region: 'eu-west-1' })
    expect(await told()).toEqual(first)
    p.env.AWS_REGION = 'eu-west-3'
    expect(await told()).toEqual({ ...first, region: 'eu-west-3' })
    delete p.env.AWS_REGION
    expect(await told()).toEqual(first)
    expect(await entries()).toHaveLength(1)
  })

  it('never keeps a mistake, and is not kept by one', async () => {
    await writeFile(file(), 'project: shop\nrds: { port: 80 }\n')
    expect((await p.run('cost')).code).toBe(2)
    expect((await p.run('cost')).stderr).toContain('rds.port is 80')
    expect(await entries()).toEqual([])
    await writeFile(file(), 'project: shop\n')
    expect((await p.run('cost')).code).toBe(0)
  })

  it.each(['', '{', 'null', '[]', '{"key":1}', 'x'.repeat(1000)])('that is %j on the disk is none', async (garbage) => {
    await writeFile(file(), 'project: shop\n')
    await told()
    const [entry = ''] = await entries()
    await writeFile(join(p.dir, '.cache', 'configs', entry), garbage)
    expect((await told()).project).toBe('shop')
    expect(JSON.parse(await readFile(join(p.dir, '.cache', 'configs', entry), 'utf8'))).toMatchObject({
      config: { project: 'shop' },
    })
  })

  it('that cannot be written costs only time', async () => {
    await writeFile(file(), 'project: shop\n')
    // A file where the folder should be holds for root, too.
    await mkdir(join(p.dir, '.cache'), { recursive: true })
    await writeFile(join(p.dir, '.cache', 'configs'), '')
    expect((await told()).project).toBe('shop')
    await rm(join(p.dir, '.cache'), { recursive: true })
    await mkdir(join(p.dir, '.cache', 'configs'), { recursive: true })
    await chmod(join(p.dir, '.cache', 'configs'), 0o500)
    expect((await told()).project).toBe('shop')
  })

  it('is not asked by the sources: there a change of a rule has no new name', async () => {
    await remember('/nowhere/infra.yaml', 'asked', { project: 'old' })
    expect(await cached('/nowhere/infra.yaml', 'asked')).toBeUndefined()
  })
})
