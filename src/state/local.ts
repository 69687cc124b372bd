import { readFile, rm } from 'node:fs/promises'
import { InfraError } from '../engine/errors.ts'
import type { Backend } from './backend.ts'
import { replace, sweepTemps } from './file.ts'
import { lock } from './lock.ts'

/** A state in a file, with its lock beside it. */
export const localBackend = (file: string): Backend => {
  const lockFile = `${file.replace(/\.json$/, '')}.lock`
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
    async write(text) {
      try {
        await replace(file, text)
      } catch (error) {
        throw new InfraError(`Cannot write the state file ${file}`, {
          why: (error as Error).message,
          next: 'Make room or mend the permissions, then run the same command again: what was made meanwhile is found by its tags',
          cause: error,
        })
      }
    },
    async lock(command, note) {
      const held = await lock(lockFile, command, note)
      await sweepTemps(file)
      return held
    },
    async holder() {
      const text = await readFile(lockFile, 'utf8').catch(() => undefined)
      if (text === undefined) return undefined
      try {
        const { command, pid, host, started } = JSON.parse(text) as Record<string, unknown>
        return `${command} (process ${pid} on ${host}, since ${started})`
      } catch {
        return 'a run that was cut off while it took the lock'
      }
    },
    unlock: () => rm(lockFile, { force: true }),
  }
}
