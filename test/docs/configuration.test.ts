import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { shape } from '../../src/config/shape.ts'
import { read, root } from './markdown.ts'

interface Schema {
  readonly shape?: Readonly<Record<string, Schema>>
  readonly def?: { readonly innerType?: Schema; readonly in?: Schema; readonly valueType?: Schema }
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

test('docs/sandbox.md names every INFRA_ variable that the code reads', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((f) => /\.(ts|py)$/.test(f))
  const used = new Set(files.flatMap((f) => read(`src/${f}`).match(/\bINFRA_[A-Z_]+\b/g) ?? []))
  // Set by infra itself, for what it starts.
  const inside = ['INFRA_VERSION', 'INFRA_SANDBOX_WITH_PARENT', 'INFRA_CA', 'INFRA_PASSWORD_']
  const documented = read('docs/sandbox.md')
  expect([...used].filter((name) => !inside.includes(name) && !documented.includes(`\`${name}\``))).toEqual([])
})
