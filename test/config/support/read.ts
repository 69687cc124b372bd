import { expect } from 'vitest'
import type { Config } from '../../../src/config/config.ts'
import type { LoadOptions } from '../../../src/config/options.ts'
import { merge, parseYaml, readConfig } from '../../../src/config/read.ts'
import { InfraError } from '../../../src/core/errors.ts'
import type { Json, JsonObject } from '../../../src/core/json.ts'

/** What is made of the text of an infra.yaml. */
export const read = (yaml: string, options: LoadOptions = {}): Config =>
  readConfig(parseYaml('infra.yaml', yaml), options, 'infra.yaml')

/** The refusal that it gets: exit code 2, and never the words of a program. */
export const refusal = (yaml: string, options: LoadOptions = {}): InfraError => {
  try {
    read(yaml, options)
  } catch (error) {
    if (!(error instanceof InfraError)) throw error
    expect(error.exitCode).toBe(2)
    expect(error.next).toBeTruthy()
    expect(error.message).not.toMatch(/undefined|\[object|Invalid input|ZodError/)
    return error
  }
  throw new Error(`it was accepted:\n${yaml}`)
}

const FIRST = ['first', 'second']

/** One key of a config that is good otherwise: `at('rds.port', 80)`; or the last of a list. Values are written as JSON, which is YAML. */
export const at = (key: string, value: unknown, rest: Record<string, unknown> = {}): string => {
  const nested = key
    .split('.')
    .reduceRight<Json>((inner, k) => (/^\d+$/.test(k) ? [...FIRST.slice(0, Number(k)), inner] : { [k]: inner }), value as Json)
  return JSON.stringify(merge(merge({ project: 'shop', region: 'us-east-1' }, rest as JsonObject), nested as JsonObject))
}
