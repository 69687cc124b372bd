import { hearRequests } from './hear.ts'
import { judgeInput, judgeWire, note } from './judge.ts'
import type { Wire } from './request.ts'

const WATCHED = Symbol.for('infra.models.watched')

/** Where a process that watches finds the models, and what it writes in. */
interface Where {
  readonly root: string
  readonly book: string
  /** The test that is running. */
  readonly sender: string
}
/** Of the process, not of this module: test files of a worker may load it anew. */
const here = globalThis as { [WATCHED]?: Where }

/** Notes what a request says to the models. In a process that does not watch, nothing. */
export const checkWire = (wire: Wire): void => {
  const where = here[WATCHED]
  const verdict = where && judgeWire(where.root, wire)
  if (where && verdict) note(where.book, verdict, where.sender)
}

/** The same of a request that never leaves the process, because something in memory answers it. @param service as it would be signed for */
export const checkInput = (service: string, operation: string, input: unknown): void => {
  const where = here[WATCHED]
  if (where) note(where.book, judgeInput(where.root, service, operation, input), where.sender)
}

/** @param root the folder with node_modules @param book what is written in @param sender the test whose requests they are */
export const use = (root: string, book: string, sender = senderHere()): void => {
  here[WATCHED] = { root, book, sender }
}

/** From here on requests are those of this test. */
export const sentBy = (sender: string): void => {
  const where = here[WATCHED]
  if (where) here[WATCHED] = { ...where, sender }
}
export const senderHere = (): string => here[WATCHED]?.sender ?? ''

/**
 * From here on every request to AWS that this process sends over HTTP is checked before it leaves, whichever client made it,
 * and noted in the book.
 */
export const watch = (root: string, book: string): void => {
  const first = here[WATCHED] === undefined
  use(root, book)
  if (first) hearRequests(checkWire)
}
