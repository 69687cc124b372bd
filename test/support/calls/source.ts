import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAst } from 'rolldown/parseAst'

const root = fileURLToPath(new URL('../../../src/', import.meta.url))

/** A node of the syntax tree (ESTree with TypeScript). */
export interface Syntax {
  readonly type: string
  readonly [key: string]: unknown
}

export interface Declared {
  readonly file: string
  readonly name: string
}

export interface Source {
  readonly file: string
  readonly body: readonly Syntax[]
  /** What is declared at the top, by name. */
  readonly declared: ReadonlyMap<string, Syntax>
  readonly imported: ReadonlyMap<string, Declared>
  /** Names that are handed on from other files. */
  readonly passedOn: ReadonlyMap<string, Declared>
}

export const isSyntax = (x: unknown): x is Syntax => typeof x === 'object' && x !== null && typeof (x as Syntax).type === 'string'

/** What is directly inside of it, without types. */
export const inside = (of: Syntax): Syntax[] =>
  Object.values(of)
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter((x): x is Syntax => isSyntax(x) && !isType(x))

/** Annotations name things without using them. `x as T` and the like hold an expression. */
const isType = ({ type }: Syntax): boolean =>
  type.startsWith('TS') && !/^TS(As|Satisfies|NonNull|TypeAssertion|Instantiation)/.test(type)

export const str = (of: unknown, key: string): string | undefined => {
  const value = isSyntax(of) ? of[key] : undefined
  return typeof value === 'string' ? value : undefined
}

const place = (from: string, target: unknown): string | undefined => {
  const path = str(target, 'value')
  return path?.startsWith('.') ? normalize(join(dirname(from), path)) : undefined
}
const list = (x: unknown): Syntax[] => (Array.isArray(x) ? x.filter(isSyntax) : [])

const load = (file: string): Source => {
  const program = parseAst(readFileSync(join(root, file), 'utf8'), { lang: 'ts' }, file) as unknown as Syntax
  const declared = new Map<string, Syntax>()
  const imported = new Map<string, Declared>()
  const passedOn = new Map<string, Declared>()
  const body = list(program.body)
  for (const statement of body) {
    if (statement.type === 'ImportDeclaration' && statement.importKind !== 'type') {
      const from = place(file, statement.source)
      for (const s of from === undefined ? [] : list(statement.specifiers))
        imported.set(str(s.local, 'name') ?? '', { file: from ?? '', name: str(s.imported, 'name') ?? '*' })
      continue
    }
    if (statement.type === 'ExportNamedDeclaration' && isSyntax(statement.source)) {
      const from = place(file, statement.source)
      for (const s of from === undefined ? [] : list(statement.specifiers))
        passedOn.set(str(s.exported, 'name') ?? '', { file: from ?? '', name: str(s.local, 'name') ?? '' })
      continue
    }
    const it = isSyntax(statement.declaration) ? statement.declaration : statement
    for (const one of it.type === 'VariableDeclaration' ? list(it.declarations) : [it])
      for (const name of namesIn(one.id)) declared.set(name, one)
  }
  return { file, body, declared, imported, passedOn }
}

/** `x`, and each name of `{ a, b: c }` and `[d]`. */
export const namesIn = (pattern: unknown): string[] => {
  if (!isSyntax(pattern)) return []
  if (pattern.type === 'Identifier') return [str(pattern, 'name') ?? '']
  return inside(pattern).flatMap((p) => namesIn(p.type === 'Property' ? p.value : p))
}

/** All of `src`, by path below it. */
export const sources: ReadonlyMap<string, Source> = new Map(
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((f) => f.endsWith('.ts') && !f.endsWith('.d.ts') && !f.startsWith('aws/services/'))
    .map((f) => [f, load(f)]),
)

/** The file of each service below src/aws, as src/aws/clients.ts loads it. */
export const services: ReadonlyMap<string, string> = new Map(
  [
    ...readFileSync(join(root, 'aws/clients.ts'), 'utf8').matchAll(
      /^ {2}(\w+): \(\) => import\('\.\/(services\/[\w-]+\.ts)'\)/gm,
    ),
  ].map(([, service = '', file = '']) => [service, file]),
)

/** Every operation that src/aws/services load: `ec2.DescribeVpcs`. */
export const loadedOperations = (): string[] =>
  [...services]
    .flatMap(([service, file]) =>
      [...readFileSync(join(root, 'aws', file), 'utf8').matchAll(/\b(\w+)Command\b/g)].map((m) => `${service}.${m[1]}`),
    )
    .sort()
