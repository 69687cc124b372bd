import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, inject, it } from 'vitest'
import { extensionDir } from '../../src/sandbox/paths.ts'
import { findPython } from '../../src/sandbox/python.ts'

describe.skipIf(!inject('motoUrl'))("the local AWS's quick writers of answers", () => {
  it('write to the letter what moto writes', async () => {
    const { path } = await findPython()
    const script = fileURLToPath(new URL('answers.py', import.meta.url))
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' }
    const { stdout } = await promisify(execFile)(path, [script, dirname(extensionDir())], { env })
    expect(stdout.trim()).toBe('')
  })
})
