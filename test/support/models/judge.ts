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

/** The book of a run: a line for each request, `!` before what AWS would have refused. Many processes write in it. */
export const note = (book: string, { operation, refused }: Verdict): void =>
  appendFileSync(book, `${operation}\n${refused.map((text) => `!${text.replaceAll('\n', ' ')}\n`).join('')}`)
