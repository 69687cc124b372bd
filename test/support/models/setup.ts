import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { afterAll, afterEach } from 'vitest'
import { watchChildren } from './children.ts'
import { watch } from './watch.ts'
import { worker } from './worker.ts'

// Every request that a test sends, itself or by a process that it starts, is compared with AWS's service models. What AWS would
// refuse for its shape fails the test.

const { root, book, preload } = worker()
watch(root, book)
watchChildren(preload, root, book)

/** How far this worker's book was read: test files share a worker. */
const position = globalThis as { [READ]?: number }
const READ = Symbol.for('infra.models.read')

const refusedSince = (): string[] => {
  if (!existsSync(book)) return []
  const file = openSync(book, 'r')
  try {
    const parts: Buffer[] = []
    for (;;) {
      const part = Buffer.alloc(65_536)
      const length = readSync(file, part, 0, part.length, position[READ] ?? 0)
      if (length === 0) break
      position[READ] = (position[READ] ?? 0) + length
      parts.push(part.subarray(0, length))
    }
    const lines = Buffer.concat(parts).toString('utf8').split('\n')
    return [...new Set(lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1)))]
  } finally {
    closeSync(file)
  }
}

const failOnRefused = (): void => {
  const refused = refusedSince()
  if (refused.length > 0)
    throw new Error(`AWS would refuse ${refused.length === 1 ? 'this request' : 'these requests'}:\n${refused.join('\n')}`)
}
afterEach(failOnRefused)
afterAll(failOnRefused)
