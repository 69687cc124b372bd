import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const SRC = fileURLToPath(new URL('../src', import.meta.url))
const DIST = fileURLToPath(new URL('../dist', import.meta.url))

interface Import {
  /** Below src: `engine/plan.ts`. */
  readonly from: string
  /** Below src, or the name of a package. */
  readonly to: string
  readonly typeOnly: boolean
  /** Loaded when a line asks for it. */
  readonly late: boolean
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'))

const importsOf = (from: string): Import[] => {
  const text = readFileSync(join(SRC, from), 'utf8')
  const target = (to: string): string => (to.startsWith('.') ? relative(SRC, join(SRC, dirname(from), to)) : to)
  const still = [...text.matchAll(/^(?:import|export)\s+(type\s+)?(\{[^}]*\}|\*[^'"\n]*?|[\w$]+)\s+from\s+'([^']+)'/gm)].map(
    ([, type, names = '', to = '']) => {
      const inner = /^\{([^}]*)\}$/
        .exec(names)?.[1]
        ?.split(',')
        .flatMap((n) => n.trim() || [])
      const typeOnly = type !== undefined || (inner?.every((n) => n.startsWith('type ')) ?? false)
      return { from, to: target(to), typeOnly, late: false }
    },
  )
  const dynamic = [...text.matchAll(/\bimport\('([^']+)'\)/g)].map(([, to = '']) => ({
    from,
    to: target(to),
    typeOnly: false,
    late: true,
  }))
  return [...still, ...dynamic]
}
const imports = files.flatMap(importsOf)
/** `commands/stack/` and its like are rooms of their own: what people work on does not know of each other. */
const room = (file: string): string => {
  const [first = '', second = '', third] = file.split('/')
  return first === 'commands' && third !== undefined ? `commands/${second}` : first
}

const COMMAND = [
  'session/',
  'steps/',
  'engine/',
  'ui/',
  'config/',
  'state/',
  'aws/',
  'database/',
  'ecs/',
  'rds/',
  'kinds/index.ts',
  'sandbox/index.ts',
  'sandbox/paths.ts',
  'core/',
]

/** What the files of a room may import of other rooms: `engine/` all of it, `type engine/` only types, `engine/graph.ts` that file. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  cli: ['commands/', 'core/', 'aws/explain.ts', 'type session/define.ts', 'session/price-cache.ts', 'config/names.ts'],
  'commands/stack': COMMAND,
  'commands/init': COMMAND,
  'commands/env': COMMAND,
  'commands/service': COMMAND,
  'commands/database': COMMAND,
  'commands/sleep': COMMAND,
  'commands/sandbox': COMMAND,
  // What a command stands on: the config, the account, the state with its lock, what AWS shows, the ways into a database.
  session: COMMAND.filter((room) => room !== 'session/'),
  steps: ['kinds/', 'config/', 'type ecs/', 'type engine/', 'type aws/'],
  kinds: ['ecs/', 'aws/', 'type engine/', 'core/'],
  // It keeps a state in a bucket, so it knows what a place for states is.
  aws: ['core/', 'type engine/', 'state/backend.ts'],
  // The way into the database server, and what is said there.
  database: ['ecs/', 'aws/', 'core/', 'type engine/', 'state/replace.ts'],
  // What runs in containers, whoever made it: read from AWS, judged and explained.
  ecs: ['aws/', 'core/', 'type state/memory.ts'],
  // DB instances and their snapshots as RDS shows them.
  rds: ['aws/', 'core/', 'type engine/'],
  engine: ['core/', 'type state/schema.ts'],
  state: ['core/'],
  config: ['core/', 'state/replace.ts', 'sandbox/paths.ts'],
  ui: ['type engine/', 'core/'],
  sandbox: ['state/process.ts'],
  // No room lies below it.
  core: [],
}
/** Each has a reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'steps/index.ts -> engine/graph.ts': 'the page of the whole stack makes the graph that the steps add to',
  'steps/database-task.ts -> engine/graph.ts': 'what a container needs for a run is a graph of its own, no step of the stack',
  'steps/environment.ts -> engine/ref.ts': 'a text with outputs of other resources in it is made of references',
}

const allowed = ({ from, to, typeOnly }: Import): boolean =>
  room(from) === room(to) ||
  `${from} -> ${to}` in EXCEPTIONS ||
  (MAY[room(from)] ?? []).some((rule) => {
    const types = rule.startsWith('type ')
    const place = rule.replace('type ', '')
    return (!types || typeOnly) && (place.endsWith('/') ? to.startsWith(place) : to === place)
  })

const isOurs = ({ to }: Import): boolean => to.endsWith('.ts')

/** Who else writes files, and why not by src/state/replace.ts. */
const WRITERS: Readonly<Record<string, string>> = {
  'state/replace.ts': 'the one way to replace a file',
  'state/file.ts': 'the backup beside a state is a second name of it',
  'state/lock.ts': 'a lock is a link: of two takers one fails',
  'sandbox/lock.ts': 'the same',
  'sandbox/record.ts': 'never through a link, and never with the rights of what was there: it holds credentials',
  'sandbox/python.ts': 'a folder, filled beside and renamed',
  'sandbox/locale.ts': 'the same',
  'sandbox/postgres.ts': 'the same',
  'database/print.ts': 'never through a link',
  'commands/database/transfer/sink.ts': 'a dump comes in parts, and takes the place of nothing',
  'state/local.ts': 'a state that was moved gets another name',
}

it('files are written in one way, which a kill cannot halve', () => {
  const writing = files.filter((f) =>
    /\b(writeFile|writeFileSync|appendFile|rename|renameSync|copyFile|truncate|createWriteStream)\(|\.writeFile\(/.test(
      readFileSync(join(SRC, f), 'utf8'),
    ),
  )
  expect(writing.toSorted()).toEqual(Object.keys(WRITERS).toSorted())
})

/** Each set of files that reach one another, sorted, in one line (Tarjan). */
const circles = (next: ReadonlyMap<string, readonly string[]>): string[] => {
  const found: string[] = []
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const visit = (file: string): void => {
    index.set(file, index.size)
    low.set(file, index.size - 1)
    stack.push(file)
    for (const to of next.get(file) ?? []) {
      if (!index.has(to)) visit(to)
      if (stack.includes(to)) low.set(file, Math.min(low.get(file) ?? 0, low.get(to) ?? 0))
    }
    if (low.get(file) !== index.get(file)) return
    const circle = stack.splice(stack.indexOf(file))
    if (circle.length > 1) found.push(circle.toSorted().join(' '))
  }
  for (const file of next.keys()) if (!index.has(file)) visit(file)
  return found
}

/** Who changes rows of the state; all others read them. */
const RECORDERS: Readonly<Record<string, string>> = {
  'engine/work.ts': 'what a run has asked for and seen',
  'engine/converge.ts': 'what is used as it is, and what is ready',
  'engine/replace.ts': 'two generations change places',
  'engine/destroy.ts': 'it is deleted, and gone',
  'session/records/rows.ts': 'what a deploy, a scale or a stop has told AWS',
  'commands/stack/adopt.ts': 'what is taken in',
  'commands/stack/recover.ts': 'what was found again',
  'commands/stack/state-rename.ts': 'another key',
  'commands/stack/state-forget.ts': 'no longer this stack’s',
  'state/store.ts': 'the rows of the engine are written by a transaction',
}

it('rows are changed in a few places, and made of what was seen in one', () => {
  const textOf = (f: string): string => readFileSync(join(SRC, f), 'utf8')
  const writing = files.filter((f) => /\b(rows|state)\.(put|write|drop)\(|\bresources\[[^\]]+\] = /.test(textOf(f)))
  expect(writing.toSorted()).toEqual(Object.keys(RECORDERS).toSorted())
  const making = files.filter((f) => /\bstep: node\.step\b|\bdeps: depsOf\(/.test(textOf(f)) && f !== 'engine/converge.ts')
  expect(making).toEqual(['engine/record.ts'])
})

describe('the rooms of the house', () => {
  it('are those of the plan', () => {
    expect([...new Set(files.map(room))].sort()).toEqual(Object.keys(MAY).sort())
    expect(imports.length).toBeGreaterThan(300)
  })

  it.each(Object.keys(MAY))('%s imports only what it may', (name) => {
    const wrong = imports.filter((i) => isOurs(i) && room(i.from) === name && !allowed(i))
    expect(wrong.map((i) => `${i.from} -> ${i.to}${i.typeOnly ? ' (types)' : ''}`)).toEqual([])
  })

  it('no exception outlives its reason', () => {
    const used = new Set(imports.map((i) => `${i.from} -> ${i.to}`))
    expect(Object.keys(EXCEPTIONS).filter((e) => !used.has(e))).toEqual([])
  })

  it('only kinds and aws know the SDK', () => {
    const sdk = imports.filter((i) => /^@(aws-sdk|smithy)\//.test(i.to) && !['kinds', 'aws'].includes(room(i.from)))
    expect(sdk).toEqual([])
  })

  it('commands and the session call no operation of AWS: the rooms below do', () => {
    const calling = files.filter(
      (f) =>
        /^(cli|commands|session|config|steps|ui|engine)\//.test(f) &&
        /\baws\.(?!sql\b)\w+\(\s*(['"`]|\w+ ===)/.test(readFileSync(join(SRC, f), 'utf8')),
    )
    expect(calling).toEqual([])
  })

  it('engine, state and steps use no package at all, so that they run anywhere', () => {
    const packages = imports.filter(
      (i) => ['engine', 'state', 'steps'].includes(room(i.from)) && !isOurs(i) && !i.to.startsWith('node:'),
    )
    expect(packages).toEqual([])
  })

  it('steps await nothing', () => {
    const awaiting = files.filter(
      (f) => room(f) === 'steps' && /\b(async|await|Promise|process\.)\b/.test(readFileSync(join(SRC, f), 'utf8')),
    )
    expect(awaiting).toEqual([])
  })

  it('nobody imports in a circle, through types and import() neither', () => {
    const next = new Map(files.map((f) => [f, imports.filter((i) => i.from === f && isOurs(i)).map((i) => i.to)]))
    expect(circles(next)).toEqual([])
  })

  it('no file is longer than a person wants to read', () => {
    const lines = (f: string): number => readFileSync(join(SRC, f), 'utf8').split('\n').length - 1
    expect(files.map((f) => [f, lines(f)] as const).filter(([, n]) => n > 250)).toEqual([])
  })
})

describe('the bundle', () => {
  /** Chunks that are loaded before the first line of the program runs. */
  const atStart = (): Map<string, string> => {
    const loaded = new Map<string, string>()
    const load = (chunk: string): void => {
      if (loaded.has(chunk)) return
      const text = readFileSync(join(DIST, chunk), 'utf8')
      loaded.set(chunk, text)
      for (const [, to = ''] of text.matchAll(/(?:^|[;}\n])\s*(?:import|export)[^;'"()]*?["']\.\/([^"']+\.js)["']/g)) load(to)
    }
    load('cli.js')
    return loaded
  }

  // Words that only stand in these packages; the test below shows that each is still found where it belongs.
  const MARKS = {
    'an SDK client': /AmazonEC2|GetCallerIdentity|x-amz-target/,
    zod: /ZodError|invalid_type/,
    yaml: /YAMLParseError|tag:yaml\.org/,
    inquirer: /ExitPromptError extends|CancelPromptError/,
    ora: /cliSpinners|discardStdin|dots12/,
  }

  it.each(Object.entries(MARKS))('cli.js does not load %s before a command needs it', (_, mark) => {
    for (const [chunk, text] of atStart()) expect(mark.test(text), chunk).toBe(false)
  })

  it.each(Object.entries(MARKS))('and %s is in some other chunk', (_, mark) => {
    const chunks = readdirSync(DIST).filter((f) => f.endsWith('.js') && mark.test(readFileSync(join(DIST, f), 'utf8')))
    expect(chunks.length).toBeGreaterThan(0)
  })

  it('it starts with few bytes', () => {
    const chunks = [...atStart()]
    expect(chunks.length).toBeGreaterThan(1)
    expect(chunks.reduce((sum, [, text]) => sum + text.length, 0)).toBeLessThan(120_000)
  })
})
