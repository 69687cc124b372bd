import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { OUTPUTS } from '../../src/config/outputs.ts'
import { shape } from '../../src/config/shape.ts'
import { read, root } from './markdown.ts'

interface Schema {
  readonly shape?: Readonly<Record<string, Schema>>
  readonly def?: {
    readonly type?: string
    readonly defaultValue?: unknown
    readonly innerType?: Schema
    readonly in?: Schema
    readonly valueType?: Schema
  }
}

/** Every path that the schema names; what a wrapper (default, optional) holds counts as the thing itself, a map of things as one of them. */
const paths = (schema: Schema, at: readonly string[] = []): string[] => {
  let inner: Schema = schema
  for (let next: Schema | undefined = inner; next && !inner.shape; next = inner.def?.innerType ?? inner.def?.in) inner = next
  const each = inner.def?.valueType
  if (each) return [at.join('.'), ...(each.shape ? paths(each, [...at, '<name>']) : [])]
  if (!inner.shape) return [at.join('.')]
  return Object.entries(inner.shape).flatMap(([key, value]) => paths(value, [...at, key]))
}

const text = read('docs/configuration.md')
const keys = paths(shape as unknown as Schema)

test('the walk over the schema finds the keys at every depth', () => {
  expect(keys).toEqual(expect.arrayContaining(['project', 'vpc.nat', 'secrets.database.keys', 'monitoring.alarms.cpu.threshold']))
  expect(keys).toEqual(expect.arrayContaining(['ecs.services.<name>.health.path', 'ecs.tasks.<name>.cpu', 'env', 'tags']))
  expect(keys.length).toBeGreaterThan(100)
})

test.each(keys)('docs/configuration.md explains %s', (key) => {
  const shared = key.replace(/^(monitoring\.alarms)\.\w+\./, '$1.<name>.').replace(/^ecs\.tasks\.<name>/, 'ecs.services.<name>')
  expect(text.includes(`\`${key}\``) || text.includes(`\`${shared}\``)).toBe(true)
})

/** The default of each key, as its row shows it. */
const defaults = (schema: Schema, at: readonly string[] = []): [key: string, shown: string][] => {
  const { def } = schema
  const own = def?.type === 'default' ? def.defaultValue : undefined
  if (own !== undefined && at.length > 0 && !def?.innerType?.shape)
    return [[at.join('.'), typeof own === 'string' ? own : JSON.stringify(own)], ...defaults(def?.innerType ?? {}, at)]
  if (schema.shape) return Object.entries(schema.shape).flatMap(([key, value]) => defaults(value, [...at, key]))
  if (def?.valueType?.shape) return defaults(def.valueType, [...at, '<name>'])
  const inner = def?.innerType ?? def?.in
  return inner ? defaults(inner, at) : []
}

const rows = new Map([...text.matchAll(/^\| `([^`]+)` \|[^|]*\|([^|]*)\|/gm)].map(([, key = '', shown = '']) => [key, shown]))
// Without `env` infra goes by the usual names.
const withDefault = defaults(shape as unknown as Schema).flatMap(([key, shown]) =>
  rows.has(key) && key !== 'env' ? [{ key, shown }] : [],
)

test('most keys have a default in the schema, and a row', () => expect(withDefault.length).toBeGreaterThan(50))

test.each(withDefault)('docs/configuration.md shows the default of $key, $shown', ({ key, shown }) => {
  expect(rows.get(key)).toContain(`\`${shown}\``)
})

test('docs/configuration.md names every output', () => {
  expect([...OUTPUTS.keys()].filter((name) => !text.includes(`\`\${${name}}\``))).toEqual([])
})

test('docs/sandbox.md names every INFRA_ variable that the code reads', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((f) => /\.(ts|py)$/.test(f))
  const used = new Set(files.flatMap((f) => read(`src/${f}`).match(/\bINFRA_[A-Z_]+\b/g) ?? []))
  // Set by infra itself, for what it starts.
  const inside = ['INFRA_VERSION', 'INFRA_SANDBOX_WITH_PARENT', 'INFRA_CA', 'INFRA_PASSWORD_']
  const documented = read('docs/sandbox.md')
  expect([...used].filter((name) => !inside.includes(name) && !documented.includes(`\`${name}\``))).toEqual([])
})
