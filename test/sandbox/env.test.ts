import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { sandboxCommand } from '../../src/commands/sandbox/sandbox.ts'
import { recognise } from '../../src/sandbox/server.ts'
import { inSandbox } from '../../src/session/globals.ts'
import { credentials } from '../support/credentials.ts'
import { given } from './support.ts'

describe.skipIf(!inject('motoUrl'))('infra sandbox env', () => {
  const url = inject('motoUrl') ?? ''
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'infra-env-'))
    vi.stubEnv('INFRA_CACHE_DIR', folder)
    vi.stubEnv('AWS_REGION', 'eu-west-1')
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await rm(folder, { recursive: true, force: true })
  })
  const prints = async (verb: string, json = false): Promise<string> => {
    const lines: string[] = []
    const hear = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0)
    try {
      await sandboxCommand(verb, { json, color: false }).catch((error: Error) => lines.push(`refused: ${error.message}`))
      return lines.join('')
    } finally {
      hear.mockRestore()
    }
  }
  const run = promisify(execFile)

  it('fails where no sandbox is, so that what comes after it does not go to a real account', async () => {
    expect(await prints('env')).toMatch(/^false\nrefused: No sandbox is running/)
    await writeFile(join(folder, 'infra'), '#!/bin/sh\necho false\n')
    await chmod(join(folder, 'infra'), 0o755)
    const asked = run('sh', ['-c', `${inSandbox('echo reached')} || echo stopped`], {
      env: { PATH: `${folder}:${process.env.PATH}` },
    })
    expect((await asked).stdout).toBe('stopped\n')
  })

  it('prints the variables, and only it prints the secret', async () => {
    const { pid } = given(await recognise(url, credentials))
    const record = { url, pid, startedAt: new Date().toISOString(), log: join(folder, 'log'), credentials }
    await writeFile(join(folder, 'sandbox.json'), JSON.stringify(record))
    expect(JSON.parse(await prints('env', true))).toEqual({
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: 'eu-west-1',
      AWS_DEFAULT_REGION: 'eu-west-1',
    })
    for (const json of [true, false]) {
      const shown = await prints('status', json)
      expect(shown).toContain(url)
      expect(shown).not.toContain(credentials.secretAccessKey)
      expect(shown).not.toContain(credentials.accessKeyId)
    }
  })

  it('makes the lines that screens print work word for word', async () => {
    const line = /\(eval .*\)$/m.exec(await prints('status'))?.[0] ?? ''
    expect(line).toBe('(eval "$(infra sandbox env)" && aws ec2 describe-vpcs)')
    await writeFile(join(folder, 'lines'), await prints('env'))
    await writeFile(join(folder, 'infra'), `#!/bin/sh\ncat '${folder}/lines'\n`)
    await writeFile(join(folder, 'aws'), '#!/bin/sh\nenv\n')
    for (const name of ['infra', 'aws']) await chmod(join(folder, name), 0o755)
    const { stdout } = await run('sh', ['-c', `${line}; env`], {
      env: { PATH: `${folder}:${process.env.PATH}`, AWS_PROFILE: 'mine' },
    })
    expect(stdout).toContain(`AWS_SECRET_ACCESS_KEY=${credentials.secretAccessKey}`)
    expect(stdout.match(/AWS_PROFILE=mine/g)).toHaveLength(1) // the person's own, after the line
    expect(stdout.match(/AWS_ENDPOINT_URL=/g)).toHaveLength(1)
    expect((await readFile(join(folder, 'lines'), 'utf8')).match(/^(export|unset) /gm)).toHaveLength(6)
  })
})
