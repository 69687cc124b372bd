import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../src/sandbox/moto_ext/', import.meta.url))
/** Tables of AWS's, one line each. */
const DATA = ['rds/parameter_families.py']

const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter(
  (f) => f.endsWith('.py') && !f.endsWith('__init__.py'),
)
const known = new Set(files)
const text = new Map(files.map((file) => [file, readFileSync(ROOT + file, 'utf8')]))
const fileOf = (module: string): string | undefined => {
  const file = `${module.replaceAll('.', '/')}.py` // a.b is a/b.py
  return known.has(file) ? file : undefined
}

interface Import {
  readonly from: string
  readonly to: string
  /** Inside a function: loaded when it is called. */
  readonly late: boolean
}

const imports: Import[] = files.flatMap((from) =>
  [...(text.get(from) ?? '').matchAll(/^([ \t]*)from moto_ext((?:\.\w+)*) import (\([^)]*\)|.*)$/gm)].flatMap(
    ([, indent, place = '', names = '']) => {
      const module = place.slice(1)
      const late = indent !== ''
      const one = module ? fileOf(module) : undefined
      if (one) return [{ from, to: one, late }]
      const each = names.replace(/[()]|#.*/g, '').split(',')
      const inside = each.map((name) => fileOf(`${module ? `${module}.` : ''}${name.trim().split(' ')[0]}`))
      return inside.flatMap((to) => to ?? []).map((to) => ({ from, to, late }))
    },
  ),
)
const room = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : '')
const shown = ({ from, to }: Import): string => `${from} -> ${to}`

/** The first way found from a file back to itself; undefined: there is none. */
const circle = (): string[] | undefined => {
  const done = new Set<string>()
  const walk = (file: string, way: string[]): string[] | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file]
    if (done.has(file)) return undefined
    for (const { to } of imports.filter((i) => i.from === file)) {
      const found = walk(to, [...way, file])
      if (found) return found
    }
    done.add(file)
    return undefined
  }
  for (const file of files) {
    const found = walk(file, [])
    if (found) return found
  }
  return undefined
}

describe("the modules of the local AWS's extension", () => {
  it('are found with what they import', () => {
    expect(imports.map(shown)).toEqual(expect.arrayContaining(['ecs/rollout.py -> ecs/world.py', 'app.py -> gate.py']))
    expect(imports.length).toBeGreaterThan(100)
  })

  it('import each other in no circle, imports inside functions included', () => {
    expect(circle()).toBeUndefined()
  })

  it('import what they need at the head, where everybody sees it; only the start loads late', () => {
    expect(imports.filter((i) => i.late && i.from !== '__main__.py').map(shown)).toEqual([])
  })

  it('stand on rooms only from within rooms: the front knows those by name alone, and nothing imports the front', () => {
    const front = ['app.py', '__main__.py']
    expect(imports.filter((i) => room(i.from) === '' && room(i.to) !== '' && i.from !== 'app.py').map(shown)).toEqual([])
    expect(imports.filter((i) => front.includes(i.to) && i.from !== '__main__.py').map(shown)).toEqual([])
  })

  it('are all loaded: imported, or named by the front', () => {
    const front = `${text.get('app.py')}${text.get('pages.py')}`
    const named = [...front.matchAll(/"(?:moto_ext\.)?(\w+\.\w+)"/g)].flatMap(([, name = '']) => fileOf(name) ?? [])
    const used = new Set([...imports.map((i) => i.to), ...named, '__main__.py'])
    expect(files.filter((file) => !used.has(file))).toEqual([])
  })

  it('stay short', () => {
    const lines = (file: string): number => (text.get(file) ?? '').split('\n').length
    expect(files.filter((file) => !DATA.includes(file) && lines(file) > 250)).toEqual([])
  })
})
