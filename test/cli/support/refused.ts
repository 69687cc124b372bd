import { expect } from 'vitest'
import type { Ran } from '../../support/cli.ts'

/** Words of a program that has lost its way, on no screen of ours. */
export const ROUGH = /undefined|\[object |NaN|null\b|^ {4}at |TypeError|ReferenceError|node:internal/m

/** What every refusal has in common: exit code 2, words on stderr only, no stack, none of a program's own words. */
export const refused = (r: Ran): Ran => {
  expect(r.code, r.all).toBe(2)
  expect(r.stdout, r.all).toBe('')
  expect(r.stderr.trim()).not.toBe('')
  if (!/^ {4}at /m.test(r.stderr)) expect(r.stderr).not.toMatch(ROUGH)
  return r
}
