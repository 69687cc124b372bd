import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { rolldown } from 'rolldown'
import type { Row } from '../../src/state/schema.ts'

/** An empty folder of a test's own. */
export const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'infra-state-'))
export const away = (path: string): Promise<void> => rm(path, { recursive: true, force: true })

export const row = (more: Partial<Row> = {}): Row => ({
  ...{ type: 'net', step: 'main', name: 'shop-dev-net', is: 'ready', want: { size: 1 }, attrs: { id: 'id-1' } },
  ...{ deps: [], token: 'token-1', at: '2026-01-01T00:00:00.000Z', ...more },
})

export const of = { project: 'shop', environment: 'dev', account: '111122223333', region: 'eu-central-1', sandbox: false }

/** One module of src/state as plain JavaScript: Node 20 cannot run TypeScript, and a child process has no vitest around it. */
export const bundle = async (module: 'store' | 'lock' | 'replace', into: string): Promise<string> => {
  const built = await rolldown({ input: resolve(`src/state/${module}.ts`), platform: 'node', logLevel: 'silent' })
  const file = join(into, `${module}.mjs`)
  await built.write({ file, format: 'esm' })
  await built.close()
  return file
}

/** A child process that runs the given lines; what it prints comes as lines. */
export const child = async (into: string, name: string, code: string): Promise<ChildProcess> => {
  const file = join(into, name)
  await writeFile(file, code)
  return spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
}
