import { canonical } from '../core/json.ts'
import type { Aws } from './clients.ts'

type Send = (operation: string, input: object) => Promise<unknown>
type Thing = Readonly<Record<string, unknown>>

interface Batch {
  /** The input that lists what is asked for, and the list of the answer. */
  readonly field: string
  readonly max: number
  /** Fields by which a thing of the answer is asked for. */
  readonly names: readonly string[]
}

/** Reads that AWS answers for several things at once. docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html */
const BATCHES: Readonly<Record<string, Batch>> = {
  'ecs.DescribeServices': { field: 'services', max: 10, names: ['serviceName', 'serviceArn'] },
}

/** Reads that come within so many ms go together: nothing against the way to AWS, and enough for a survey and for many waits. */
const WINDOW_MS = 10

interface Waiting {
  readonly name: string
  resolve(answer: unknown): void
  reject(error: unknown): void
}

/** The same reads in fewer calls: a stack of a hundred services is looked at with ten. Only for reads. */
export const batched = (aws: Aws): Aws => {
  const wrap = (service: string, send: Send): Send => {
    const open = new Map<string, Waiting[]>()
    return (operation, input) => {
      const batch = BATCHES[`${service}.${operation}`]
      const { [batch?.field ?? '']: asked, ...rest } = input as Record<string, unknown>
      if (!batch || !Array.isArray(asked) || asked.length !== 1) return send(operation, input)
      const id = `${operation} ${canonical(rest)}`
      return new Promise((resolve, reject) => {
        const one = { name: String(asked[0]), resolve, reject }
        const waiting = open.get(id)
        if (waiting) {
          waiting.push(one)
          return
        }
        open.set(id, [one])
        setTimeout(() => {
          const all = open.get(id) ?? []
          open.delete(id)
          for (let i = 0; i < all.length; i += batch.max) void ask(send, operation, rest, batch, all.slice(i, i + batch.max))
        }, WINDOW_MS)
      })
    }
  }
  return Object.fromEntries(Object.entries(aws).map(([s, send]) => [s, wrap(s, send as Send)])) as unknown as Aws
}

const ask = async (send: Send, operation: string, rest: object, batch: Batch, all: readonly Waiting[]): Promise<void> => {
  try {
    const names = [...new Set(all.map((w) => w.name))]
    const answer = (await send(operation, { ...rest, [batch.field]: names })) as Record<string, unknown>
    const listed = (field: string): Thing[] => (Array.isArray(answer[field]) ? (answer[field] as Thing[]) : [])
    for (const { name, resolve } of all)
      resolve({
        ...answer,
        [batch.field]: listed(batch.field).filter((thing) => batch.names.some((field) => thing[field] === name)),
        failures: listed('failures').filter(({ arn }) => arn === name || String(arn).endsWith(`/${name}`)),
      })
  } catch (error) {
    for (const { reject } of all) reject(error)
  }
}
