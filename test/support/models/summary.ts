import { refusalsIn, told } from './judge.ts'

export interface Summary {
  readonly requests: number
  readonly operations: number
  readonly services: number
  readonly refused: number
  /** Each once, with the test that sent it. */
  readonly refusals: readonly string[]
  /** `AWS's models: 18,637 requests (234 operations of 15 services) checked, 0 would be refused` */
  readonly text: string
}

/** @param books what the processes of a run have noted */
export const summary = (books: readonly string[]): Summary => {
  const lines = books.flatMap((book) => book.split('\n')).filter(Boolean)
  const asked = lines.filter((line) => !line.startsWith('!'))
  const names = new Set(asked)
  const services = new Set([...names].map((name) => name.split('.')[0]))
  const counts = {
    requests: asked.length,
    operations: names.size,
    services: services.size,
    refused: lines.length - asked.length,
    refusals: told(books.flatMap(refusalsIn)),
  }
  const n = (value: number): string => value.toLocaleString('en-US')
  const text = `AWS's models: ${n(counts.requests)} requests (${counts.operations} operations of ${counts.services} services) checked, ${n(counts.refused)} would be refused`
  return { ...counts, text }
}
