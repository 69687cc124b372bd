import { chmod, lstat, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { changeNames } from '../../../src/commands/database/names.ts'
import { loadConfig } from '../../../src/config/load.ts'

describe('databases.names in infra.yaml', () => {
  let dir: string
  let file: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'infra-names-'))
    file = join(dir, 'infra.yaml')
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))
  const change = async (text: string, of: { add?: string; remove?: string }, environment?: string) => {
    await writeFile(file, text)
    const edit = await changeNames(await loadConfig({ file, environment }), of, environment ? { env: environment } : {}, 'next')
    return { edit, now: await readFile(file, 'utf8'), names: (await loadConfig({ file, environment })).config.databases.names }
  }

  it('a list that came from the preset or from the default is written out, and what it meant stays', async () => {
    const preset = await change('preset: startupwebapp # ours\n', { add: 'more' })
    expect(preset.names).toEqual(['startupwebapp_prod', 'healthtech_experiment', 'fintech_experiment', 'more'])
    expect(preset.now).toContain('preset: startupwebapp # ours\n')
    expect((await change('project: my-shop\n', { add: 'more' })).names).toEqual(['my_shop', 'more'])
    expect((await change('project: my-shop\n', { remove: 'my_shop' })).names).toEqual([])
  })

  it('is changed where it stands: for the environment, or for all', async () => {
    const own = 'project: shop\nenvironments:\n  qa: { databases: { names: [a] } }\n'
    const qa = await change(own, { add: 'b' }, 'qa')
    expect([qa.names, qa.edit.key, qa.edit.shared]).toEqual([['a', 'b'], 'environments.qa.databases.names', false])
    const dev = await change(own, { add: 'b' })
    expect([dev.names, dev.edit.key, dev.edit.shared]).toEqual([['shop', 'b'], 'databases.names', true])
    expect((await loadConfig({ file, environment: 'qa' })).config.databases.names).toEqual(['a'])
  })

  it('taken back, it is as it was; what others wrote meanwhile stays', async () => {
    const text = 'project: shop\n'
    const { edit, now } = await change(text, { add: 'more' })
    edit.undo()
    expect(await readFile(file, 'utf8')).toBe(text)
    const again = await change(text, { add: 'more' })
    await writeFile(file, `${now}vpc: { nat: none }\n`)
    again.edit.undo()
    const { config } = await loadConfig({ file })
    expect([config.databases.names, config.vpc.nat]).toEqual([['shop'], 'none'])
  })

  it('a bad name is refused with the sentence of the config, and the file is not touched', async () => {
    const text = 'project: shop\nregion: us-east-1\n'
    await expect(change(text, { add: 'Bad' })).rejects.toMatchObject({
      exitCode: 2,
      what: expect.stringContaining('databases.names.1 is Bad: it must have 1 to 63 lower-case letters'),
      next: 'next',
    })
    expect(await readFile(file, 'utf8')).toBe(text)
  })

  it('a link stays a link, and the mode stays', async () => {
    const real = join(dir, 'real.yaml')
    await writeFile(real, 'project: shop\n')
    await chmod(real, 0o640)
    await symlink(real, file)
    await change('project: shop\n', { add: 'more' })
    expect((await lstat(file)).isSymbolicLink()).toBe(true)
    expect((await stat(real)).mode & 0o777).toBe(0o640)
    expect(await readFile(real, 'utf8')).toContain('more')
  })
})
