import { join } from 'node:path'
import { inject } from 'vitest'
import { judged } from './children.ts'

/** The book of this worker. */
export const hereBook = (): string => join(inject('models').books, `${process.pid}.txt`)

/** For a process that is started past Node (in a terminal): the environment in which it checks its requests. */
export const judgedHere = <E extends NodeJS.ProcessEnv>(env: E): Record<string, string> => {
  const { root, preload } = inject('models')
  return judged(env, preload, root, hereBook()) as Record<string, string>
}
