import { readFile, rename, rm } from 'node:fs/promises'
import { InfraError } from '../core/errors.ts'
import type { Backend } from './backend.ts'
import { replace } from './file.ts'
import { holderOf, type Lock, lock } from './lock.ts'
import { behindLinks, sweepTemps } from './replace.ts'

/** A state in a file, with its lock beside it. */
export const localBackend = (file: string): Backend => {
  const lockFile = `${file.replace(/\.json$/, '')}.lock`
  let held: Lock | undefined
  return {
    place: file,
    async read() {
      try {
        return await readFile(file, 'utf8')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw new InfraError(`Cannot read ${file}`, { why: (error as Error).message, exitCode: 2, cause: error })
      }
    },
    async write(text, keep) {
      await held?.check()
      try {
        await replace(file, text, keep)
      } catch (error) {
        throw new InfraError(`Cannot write the state file ${file}`, {
          why: (error as Error).message,
          next: 'Make room or fix the permissions, then run the same command again: what was made meanwhile is found by its tags',
          cause: error,
        })
      }
    },
    // In a folder nobody else looks for it.
    leave: () => rename(file, `${file}.moved`),
    async lock(command, note, lost) {
      const taken = await lock(lockFile, command, note, lost)
      held = taken
      for (const at of new Set([file, await behindLinks(file)])) await sweepTemps(at, true)
      return {
        check: taken.check,
        async release() {
          held = undefined
          await taken.release()
        },
      }
    },
    holder: () => holderOf(lockFile),
    unlock: () => rm(lockFile, { force: true }),
  }
}
