import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'

describe.runIf(process.platform !== 'win32')('a config that is no file', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'infra-config-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('is refused and not waited for: a pipe, a folder', async () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    for (const file of [pipe, folder])
      await expect(loadConfig({ file })).rejects.toMatchObject({
        what: `Cannot read ${file}`,
        why: 'it is not a file',
        exitCode: 2,
      })
  })
})
