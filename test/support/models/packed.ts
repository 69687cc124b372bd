import type { Model, Operation, Shape } from './model.ts'

// A process that sends three requests needs thirty of the six thousand shapes of EC2: each is a line, read when it is asked for.

const line = ([name, value]: [string, unknown]): string => `${name} ${JSON.stringify(value)}`

/** A model as text: what it is about, its operations, an empty line, its shapes. */
export const packed = ({ metadata, errors, operations, shapes }: Model): string =>
  [JSON.stringify({ metadata, errors }), ...Object.entries(operations).map(line), '', ...Object.entries(shapes).map(line)].join(
    '\n',
  )

export const unpacked = (text: string): Model => {
  const [first = '', ...lines] = text.split('\n')
  const gap = lines.indexOf('')
  return {
    ...(JSON.parse(first) as Pick<Model, 'metadata' | 'errors'>),
    operations: lazy<Operation>(lines.slice(0, gap)),
    shapes: lazy<Shape>(lines.slice(gap + 1)),
  }
}

/** A record whose values are read when they are asked for. */
const lazy = <T extends object>(lines: readonly string[]): Readonly<Record<string, T>> => {
  const texts = new Map(lines.map((l) => [l.slice(0, l.indexOf(' ')), l]))
  const read = new Map<string, T>()
  const valueAt = (name: string | symbol): T | undefined => {
    if (typeof name !== 'string') return undefined
    const text = texts.get(name)
    const value = read.get(name) ?? (text === undefined ? undefined : (JSON.parse(text.slice(name.length + 1)) as T))
    if (value !== undefined) read.set(name, value)
    return value
  }
  return new Proxy({} as Record<string, T>, {
    get: (_, name) => valueAt(name),
    has: (_, name) => texts.has(String(name)),
    ownKeys: () => [...texts.keys()],
    getOwnPropertyDescriptor: (_, name) =>
      texts.has(String(name)) ? { value: valueAt(name), enumerable: true, configurable: true } : undefined,
  })
}
