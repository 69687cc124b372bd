import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { actionsOfAll } from './actions.ts'
import { kindOf, reach } from './calls.ts'
import { inside, type Syntax, sources, str } from './source.ts'

export const VERBS = ['observe', 'create', 'update', 'delete'] as const
export type Verb = (typeof VERBS)[number]

/** The methods that the engine calls for a verb. */
const METHODS: Readonly<Record<Verb, readonly string[]>> = {
  observe: ['observe'],
  create: ['create', 'stuck'],
  update: ['update', 'tag'],
  delete: ['delete', 'unguard', 'blockers'],
}

/** What a call is authorized for only with certain members: a change of the server's settings names the role of enhanced monitoring. */
const WITH_ITS_INPUT: Readonly<Record<string, Partial<Record<Verb, readonly string[]>>>> = {
  'rds.db-instance': { update: ['iam:PassRole'] },
}

/** The actions that each kind needs, by its type and verb, read from what its methods call. */
export const actionsOfKinds = (): ReadonlyMap<string, Readonly<Record<Verb, readonly string[]>>> => {
  const all = new Map<string, Readonly<Record<Verb, readonly string[]>>>()
  for (const { file, declared } of sources.values())
    for (const [name, declaration] of declared) {
      const kind = kindOf(declaration)
      if (!kind) continue
      const type = str(kind.get('type')?.value, 'value') ?? name
      const of = (verb: Verb): readonly string[] => {
        const { calls } = reach(METHODS[verb].map((m) => ({ file, name: `${name}.${m}` })))
        return [...actionsOfAll(calls), ...(WITH_ITS_INPUT[type]?.[verb] ?? [])].sort()
      }
      all.set(type, { observe: of('observe'), create: of('create'), update: of('update'), delete: of('delete') })
    }
  return all
}

/** What every command does in the same way, and its own row tells: the state, the way into a database server, the steps. */
const SHARED = /^(engine|state|database|kinds|steps)\/|^aws\/objects|^session\/(session|database-access\/(open|find|memory|plan))/

/** The usages of the definitions that a file of the program imports, by the name that it has there: `db.snapshotDelete`. */
const definitionsIn = async (file: string): Promise<Map<string, string>> => {
  const all = new Map<string, string>()
  for (const statement of sources.get(file)?.body ?? []) {
    const from = statement.type === 'ImportDeclaration' ? str(statement.source, 'value') : undefined
    if (!from?.endsWith('/definitions.ts')) continue
    const module: Record<string, { usage: string }> = await import(`../../../src/${from.replace('../', '')}`)
    for (const specifier of statement.specifiers as Syntax[]) {
      const local = str(specifier.local, 'name') ?? ''
      const spread = specifier.type === 'ImportNamespaceSpecifier'
      for (const [name, { usage }] of Object.entries(module)) all.set(spread ? `${local}.${name}` : name, usage)
    }
  }
  return all
}

/** The words of every command that a file adds to the program, with what it loads. */
const usages = async (file: string): Promise<[string, string, string][]> => {
  const definitions = await definitionsIn(file)
  const found: [string, string, string][] = []
  const look = (node: Syntax, usage: string): void => {
    const [first] = node.type === 'CallExpression' ? (node.arguments as Syntax[]) : []
    const named =
      first && [str(first.object, 'name'), str(first, 'name') ?? str(first.property, 'name')].filter(Boolean).join('.')
    const inner = definitions.get(named ?? '')?.replace(/ [<[].*/, '') ?? usage
    const awaited = node.type === 'MemberExpression' ? lazily(node.object as Syntax) : undefined
    if (awaited?.startsWith('../commands/')) found.push([inner, awaited.slice(3), str(node.property, 'name') ?? ''])
    for (const child of inside(node)) look(child, inner)
  }
  for (const statement of sources.get(file)?.body ?? []) look(statement, '')
  return found
}
const lazily = (node: Syntax): string | undefined => {
  if (node.type === 'ParenthesizedExpression') return lazily(node.expression as Syntax)
  const target = node.type === 'AwaitExpression' ? (node.argument as Syntax) : undefined
  return target?.type === 'ImportExpression' ? str(target.source, 'value') : undefined
}

/** Commands that only act through the steps, on this machine or on the sandbox. */
const NONE: ReadonlySet<string> = new Set(['sandbox'])

/** What each command does itself: `db stop` to its actions. */
export const actionsOfCommands = async (): Promise<Record<string, readonly string[]>> => {
  const all: Record<string, readonly string[]> = {}
  const files = ['cli/stack.ts', 'cli/database.ts', 'cli/service.ts']
  for (const [usage, file, name] of (await Promise.all(files.map(usages))).flat()) {
    const actions = actionsOfAll(reach([{ file, name }], SHARED).calls)
    if (actions.length > 0 && !NONE.has(usage)) all[usage] = actions
  }
  return all
}

const below = (folder: string, pattern: RegExp): string[] =>
  readdirSync(fileURLToPath(new URL(`../../../src/${folder}`, import.meta.url)))
    .filter((f) => pattern.test(f))
    .map((f) => `${folder}/${f}`)

const beside = (file: string, name: string): string[] =>
  actionsOfAll(reach([{ file, name }], /^(engine|state|database|kinds|steps)\/|^aws\/objects/).calls)

/** What a plan asks before the steps, and what a create does beside them. */
export const actionsBeside = (): { readonly plan: readonly string[]; readonly create: readonly string[] } => {
  const plan = beside('commands/stack/plan.ts', 'planCommand')
  return { plan, create: beside('commands/stack/create.ts', 'createCommand').filter((a) => !plan.includes(a)) }
}

const inFiles = (...files: readonly string[]): string[] => {
  const all = files.flatMap((file) => [...(sources.get(file)?.declared.keys() ?? [])].map((name) => ({ file, name })))
  return actionsOfAll(reach(all, /^(engine|state|kinds|steps|session|commands)\//).calls)
}

/** The calls of each way into a database server itself, without what it makes. */
export const actionsOfWays = (): Record<'task' | 'ssm', string[]> => ({
  task: inFiles(...below('database', /^task.*\.ts$/)),
  ssm: inFiles(...below('database', /^(ssm|tunnel).*\.ts$/)),
})

/** A state in a bucket, and its lock. */
export const actionsOfState = (): string[] => inFiles('aws/objects.ts')
