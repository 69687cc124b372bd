import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Summary, summary } from './summary.ts'
import { watch } from './watch.ts'

/**
 * For a program that starts commands behind our proxies: every request that this process sends or a proxy of it hears is checked.
 * @param folder where its book lies
 * @returns what came of it, when all is done
 */
export const watchRun = (root: string, folder: string): (() => Summary) => {
  const book = join(folder, 'models.txt')
  watch(root, book)
  return () => summary(existsSync(book) ? [readFileSync(book, 'utf8')] : [])
}
