import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { BIN } from '../support/cli.ts'
import type { Home } from './home.ts'
import { type Ground, judge, type Undisturbed, type Verb } from './life.ts'

/** Ground for the tests of one file. */
export const makeGround = (server: string): Ground => ({
  bin: BIN,
  folder: mkdtempSync(join(tmpdir(), 'infra-ground-')),
  server,
})
export const clearGround = (ground: Ground | undefined): void => {
  if (ground) rmSync(ground.folder, { recursive: true, force: true })
}

/** Runs a command that must end well, and the account must be that of an undisturbed life. */
export const expectWhole = async (home: Home, verb: Verb, args: string[], of: Undisturbed): Promise<string> => {
  const { code, out } = await home.run(...args)
  expect(code, out).toBe(0)
  expect(await judge(home, verb, of), out).toEqual({ orphans: [], duplicates: [], wrong: [] })
  return out
}
