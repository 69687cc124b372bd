import { join } from 'node:path'
import { inject } from 'vitest'

/** What the check of requests needs to know in this worker. */
export const worker = (): { readonly root: string; readonly preload: string; readonly book: string } => {
  const { books, ...models } = inject('models')
  return { ...models, book: join(books, `${process.pid}.txt`) }
}
