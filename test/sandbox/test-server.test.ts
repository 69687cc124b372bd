import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, inject, it, vi } from 'vitest'
import type { TestProject } from 'vitest/node'
import { extensionDir } from '../../src/sandbox/paths.ts'
import { findPython } from '../../src/sandbox/python.ts'
import { freePort, recognise } from '../../src/sandbox/server.ts'
import { credentials } from '../support/credentials.ts'
import setup from '../support/moto.ts'
import { until } from './support.ts'

/** Starts the server as the tests do, and waits to be killed, or for its end. */
const PARENT = `
const { spawn } = require('node:child_process')
const [python, extension, port, credentials] = process.argv.slice(1)
const env = { ...process.env, INFRA_SANDBOX_WITH_PARENT: '1', INFRA_SANDBOX_SECONDS: '0', INFRA_SANDBOX_CREDENTIALS: credentials }
spawn(python, [extension, '-p', port], { env, stdio: 'ignore' }).once('exit', (code) => process.exit(code ?? 1))
`

describe.skipIf(!inject('motoUrl'))("the tests' server", () => {
  it('ends with the process that started it, even when that is killed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'infra-parent-'))
    const python = (await findPython()).path
    const start = async (tries: number): Promise<{ parent: ChildProcess; url: string }> => {
      const port = String(await freePort())
      const url = `http://127.0.0.1:${port}`
      const args = ['-e', PARENT, python, extensionDir(), port, `${credentials.accessKeyId}:${credentials.secretAccessKey}`]
      const parent = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore' })
      const page = await until(
        () => recognise(url, credentials, 500),
        (p) => p !== undefined || parent.exitCode !== null,
        60,
      )
      if (page) return { parent, url }
      parent.kill('SIGKILL')
      // A port that was free may be taken by another process before the server listens on it.
      if (tries === 1 || parent.exitCode === null) throw new Error(`no server: the exit code is ${parent.exitCode}`)
      return start(tries - 1)
    }
    const { parent, url } = await start(3)
    try {
      parent.kill('SIGKILL')
      expect(
        await until(
          () => recognise(url, credentials, 500),
          (page) => page === undefined,
        ),
      ).toBeUndefined()
    } finally {
      parent.kill('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    }
  }, 90_000)

  it('is null where there is no Python, and an error where the tests require it', async () => {
    const provide = vi.fn()
    const project = { provide } as unknown as TestProject
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    vi.stubEnv('PATH', '/nonexistent')
    vi.stubEnv('INFRA_REQUIRE_MOTO', '')
    try {
      await (await setup(project))()
      expect(provide.mock.calls).toEqual([
        ['motoUrl', null],
        ['motoPostgresUrl', null],
      ])
      expect(warn.mock.calls).toEqual([[expect.stringContaining('There is no python3 on the PATH')]])
      vi.stubEnv('INFRA_REQUIRE_MOTO', '1')
      await expect(setup(project)).rejects.toThrow('There is no python3 on the PATH')
    } finally {
      vi.unstubAllEnvs()
      warn.mockRestore()
    }
  })
})
