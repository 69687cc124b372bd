import { appendFileSync } from 'node:fs'
import { violationsOf } from './check.ts'
import { serviceModel } from './model.ts'
import { header, serviceOf, type Wire } from './request.ts'
import { read } from './wire.ts'

/** What the check of one request says. */
export interface Verdict {
  /** `ecs.CreateService` */
  readonly operation: string
  /** Each a sentence: `ecs.CreateService: loadBalancers[0].containerPort is required`. */
  readonly refused: readonly string[]
}

/** @returns undefined where it is no request to AWS */
export const judgeWire = (root: string, wire: Wire): Verdict | undefined => {
  const service = serviceOf(wire)
  if (service === undefined) return undefined
  const model = serviceModel(root, service)
  const unread = (why: string): Verdict => ({ operation: `${service}.?`, refused: [`${service}: ${why}`] })
  if (!model) return unread('a service without a model: name it in test/support/models/model.ts')
  try {
    const { operation, input } = read(model, wire)
    return judge(root, service, operation, input)
  } catch (error) {
    return unread(
      `${wire.method} ${header(wire, 'x-amz-target')} cannot be read: ${error instanceof Error ? error.message : error}`,
    )
  }
}

/** The same of a request that never was on a wire: the input of an SDK command, before the SDK fills in client tokens. */
export const judgeInput = (root: string, service: string, operation: string, input: unknown): Verdict =>
  judge(root, service, operation, input, true)

const judge = (root: string, service: string, operation: string, input: unknown, tokensToCome = false): Verdict => {
  const model = serviceModel(root, service)
  const name = `${service}.${operation}`
  if (!model) return { operation: name, refused: [`${name}: there is no model of this service`] }
  const refused = violationsOf(model, operation, input, { tokensToCome }).map(({ member, rule }) =>
    `${name}: ${member} ${rule}`.replace(/ {2,}/g, ' '),
  )
  return { operation: name, refused }
}

const plain = (text: string): string => text.replace(/[\n\t]/g, ' ')

/**
 * The book of a run: a line for each request; for what AWS would have refused another one, of `!`, the test that sent it, a tab and the
 * refusal. Many processes write in it.
 */
export const note = (book: string, { operation, refused }: Verdict, sender: string): void => {
  try {
    appendFileSync(book, `${operation}\n${refused.map((text) => `!${plain(sender)}\t${plain(text)}\n`).join('')}`)
  } catch (error) {
    // A test of a full disk lets this process write nothing: a request less is counted, but none that AWS would refuse is hidden.
    if (refused.length > 0 || (error as NodeJS.ErrnoException).code !== 'EFBIG') throw error
  }
}

/** What AWS would have refused, out of a book. */
export interface Refusal {
  /** The test that sent it, or started the process that did; empty where it is not known. */
  readonly sender: string
  readonly text: string
}
export const refusalsIn = (book: string): Refusal[] =>
  book
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => {
      const [sender = '', text = ''] = line.slice(1).split('\t')
      return { sender, text }
    })

/** Each once, with its sender unless that is this one. */
export const told = (refusals: readonly Refusal[], mine = ''): string[] => [
  ...new Set(refusals.map(({ sender, text }) => (sender === '' || sender === mine ? text : `${text} (sent by ${sender})`))),
]
