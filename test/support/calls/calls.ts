import type { ServiceName } from '../../../src/aws/clients.ts'
import { type Declared, inside, isSyntax, namesIn, type Source, type Syntax, services, sources, str } from './source.ts'

/** And what is asked inside of a database server. */
const SERVICES: readonly string[] = [...services.keys(), 'sql']

/** A call of AWS as it stands in the source: `ec2.DescribeVpcs`. */
export type Call = `${ServiceName | 'sql'}.${string}`

/** What code does, followed through every function that it names. */
export interface Reach {
  readonly calls: ReadonlySet<Call>
  /** Methods of whatever kind it is (`node.kind.create(...)`): the code acts through the engine. */
  readonly verbs: ReadonlySet<string>
}

const VERBS = ['observe', 'create', 'update', 'tag', 'unguard', 'delete', 'blockers', 'stuck']

/** `aws` and `x.aws`. */
const isAws = (x: unknown): boolean =>
  isSyntax(x) &&
  ((x.type === 'Identifier' && x.name === 'aws') || (x.type === 'MemberExpression' && str(x.property, 'name') === 'aws'))

/** @returns the service that a callee sends to */
const serviceOf = (callee: unknown): string | undefined => {
  if (!isSyntax(callee) || callee.type !== 'MemberExpression' || callee.computed === true) return undefined
  return SERVICES.find((s) => s === str(callee.property, 'name'))
}

/** The operations that a first argument can be. @throws when that cannot be told from the source */
const operationsOf = (argument: unknown, where: string): string[] => {
  if (isSyntax(argument) && argument.type === 'Literal' && typeof argument.value === 'string') return [argument.value]
  if (isSyntax(argument) && argument.type === 'ConditionalExpression')
    return [...operationsOf(argument.consequent, where), ...operationsOf(argument.alternate, where)]
  throw new Error(`${where}: which operation is called here cannot be told from the source`)
}

/** The property of a kind, when what is declared is one. */
export const kindOf = (declared: Syntax | undefined): ReadonlyMap<string, Syntax> | undefined => {
  const init = declared?.init
  if (!isSyntax(init) || init.type !== 'ObjectExpression') return undefined
  const properties = new Map(inside(init).map((p) => [str(p.key, 'name') ?? '', p]))
  return properties.has('observe') && properties.has('facts') ? properties : undefined
}

/** Follows names through re-exports to where they are declared. */
const declaredAt = (at: Declared): Declared | undefined => {
  const source = sources.get(at.file)
  if (!source) return undefined
  if (source.declared.has(at.name)) return at
  const next = source.passedOn.get(at.name) ?? source.imported.get(at.name)
  return next && declaredAt(next)
}

/**
 * @param from what is begun with: a declaration, or one method of a kind (`{ file, name: 'Vpc.create' }`)
 * @param outside files that are not followed
 */
export const reach = (from: readonly Declared[], outside?: RegExp): Reach => {
  const calls = new Set<Call>()
  const verbs = new Set<string>()
  const seen = new Set<string>()
  const enter = (at: Declared): void => {
    const [name = '', method] = at.name.split('.')
    const found = declaredAt({ file: at.file, name })
    if (!found || outside?.test(found.file)) return
    const id = `${found.file}#${found.name}${method ? `.${method}` : ''}`
    if (seen.has(id)) return
    seen.add(id)
    const source = sources.get(found.file) as Source
    const declared = source.declared.get(found.name)
    const kind = kindOf(declared)
    // A kind that is only named does nothing: its methods are followed one by one.
    const body = kind ? kind.get(method ?? '') : declared
    if (body) walk(body, source)
  }
  const nameIn = (source: Source, name: string): Declared | undefined =>
    source.declared.has(name) ? { file: source.file, name } : source.imported.get(name)
  const walk = (node: Syntax, source: Source): void => {
    if (node.type === 'CallExpression') {
      const service = serviceOf(node.callee)
      if (service && Array.isArray(node.arguments) && node.arguments.length > 0)
        for (const op of operationsOf(node.arguments[0], source.file)) calls.add(`${service}.${op}` as Call)
      const verb = VERBS.find((v) => v === str((node.callee as Syntax).property, 'name'))
      if (verb && /\bkind$/i.test(lastName((node.callee as Syntax).object))) verbs.add(verb)
    }
    if (node.type === 'ImportExpression') lazy(node, source)
    if (node.type === 'MemberExpression' && node.computed !== true) {
      const object = node.object as Syntax
      const target = object.type === 'Identifier' ? nameIn(source, str(object, 'name') ?? '') : undefined
      const property = str(node.property, 'name')
      if (target) {
        enter(target)
        enter({ file: target.file, name: `${target.name}.${property}` })
      } else walk(object, source)
      return
    }
    if (node.type === 'Identifier') {
      const target = nameIn(source, str(node, 'name') ?? '')
      if (target) enter(target)
      return
    }
    for (const child of inside(node)) {
      // The key of a property names nothing.
      if (child === node.key && node.computed !== true && node.shorthand !== true) continue
      walk(child, source)
    }
  }
  /** `import('./x.ts')`: all that the file exports may be used. */
  const lazy = (node: Syntax, source: Source): void => {
    const path = str(node.source, 'value')
    if (!path?.startsWith('.')) return
    const file = new URL(path, `file:///${source.file}`).pathname.slice(1)
    const used = lazyNames(source, node)
    for (const name of used ?? [...(sources.get(file)?.declared.keys() ?? [])]) enter({ file, name })
  }
  for (const at of from) enter(at)
  return { calls, verbs }
}

const lastName = (x: unknown): string =>
  isSyntax(x)
    ? (str(x, 'name') ?? (isSyntax(x.property) ? lastName(x.property) : isSyntax(x.expression) ? lastName(x.expression) : ''))
    : ''

/** The names that are taken from a lazily loaded file: `(await import(x)).a` and `const { a } = await import(x)`. */
const lazyNames = (source: Source, node: Syntax): string[] | undefined => {
  let names: string[] | undefined
  const look = (at: Syntax): void => {
    const awaited = (x: unknown): boolean =>
      isSyntax(x) &&
      (x === node ||
        (x.type === 'AwaitExpression' && x.argument === node) ||
        (x.type === 'ParenthesizedExpression' && awaited(x.expression)))
    if (at.type === 'MemberExpression' && awaited(at.object)) names = [str(at.property, 'name') ?? '']
    if (at.type === 'VariableDeclarator' && awaited(at.init) && isSyntax(at.id) && at.id.type === 'ObjectPattern')
      names = inside(at.id).map((p) => str(p.key, 'name') ?? '')
    for (const child of inside(at)) look(child)
  }
  for (const statement of source.body) look(statement)
  return names
}

/** The calls that stand in a file itself. @throws when a call is written in a way that cannot be read from the source */
export const callsIn = (...files: readonly string[]): ReadonlySet<Call> => {
  const calls = new Set<Call>()
  for (const file of files) {
    const source = sources.get(file)
    if (!source) throw new Error(`there is no src/${file}`)
    const look = (node: Syntax, parent?: Syntax): void => {
      if (node.type === 'CallExpression') {
        const service = serviceOf(node.callee)
        if (service && isAws((node.callee as Syntax).object))
          for (const op of operationsOf((node.arguments as unknown[])[0], source.file)) calls.add(`${service}.${op}` as Call)
      }
      const used = node.type === 'MemberExpression' && isAws(node.object)
      if (used && !(parent?.type === 'CallExpression' && parent.callee === node) && !UNTYPED.has(source.file))
        throw new Error(`${source.file}: ${str(node.property, 'name') ?? 'a service'} of aws is used otherwise than by a call`)
      const taken =
        node.type === 'VariableDeclarator' && isAws(node.init) && isSyntax(node.id) && node.id.type === 'ObjectPattern'
      if (taken && namesIn(node.id).some((n) => SERVICES.some((s) => s === n)))
        throw new Error(`${source.file}: a service is taken out of aws`)
      for (const child of inside(node)) look(child, node)
    }
    for (const statement of source.body) look(statement)
  }
  return calls
}

/** These wrap every service alike, and call none of their own. */
const UNTYPED: ReadonlySet<string> = new Set(['aws/bucket-owner.ts', 'aws/clients.ts', 'aws/fence.ts'])
