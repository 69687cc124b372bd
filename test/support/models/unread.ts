import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import { refusalsIn, told } from './judge.ts'

/** How far each book was read. Test files share a worker, and with it this. */
const READ = Symbol.for('infra.models.read')
const all = globalThis as { [READ]?: Map<string, number> }
const positions = all[READ] ?? new Map<string, number>()
all[READ] = positions

/** What was refused since it was asked for the last time, with its sender where that is not this test. */
export const unread = (book: string, mine = ''): string[] => {
  if (!existsSync(book)) return []
  const file = openSync(book, 'r')
  try {
    const from = positions.get(book) ?? 0
    const text = Buffer.alloc(fstatSync(file).size - from)
    readSync(file, text, 0, text.length, from)
    positions.set(book, from + text.length)
    return told(refusalsIn(text.toString('utf8')), mine)
  } finally {
    closeSync(file)
  }
}

/** @throws an error that fails the test, when AWS would have refused something that was sent since the last time */
export const failOnRefused = (book: string, mine = ''): void => {
  const refused = unread(book, mine)
  if (refused.length === 0) return
  throw new Error(`AWS would refuse ${refused.length === 1 ? 'this request' : 'these requests'}:\n${refused.join('\n')}`)
}
