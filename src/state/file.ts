import { copyFile, link, mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { behindLinks, swap } from './replace.ts'

/**
 * Replaces a state: atomic and durable, and the version before stays as `.backup`. The folder is made where it is missing.
 * @param keep the version before stays under this name, too, which later writes leave alone
 */
export const replace = async (file: string, text: string, keep?: string): Promise<void> => {
  await mkdir(dirname(file), { recursive: true, mode: 0o755 })
  await swap(file, text, {
    mode: 0o600,
    keep: async () => {
      await keepAs(file, 'backup')
      if (keep !== undefined) await keepAs(file, keep)
    },
  })
}

const keepAs = async (file: string, name: string): Promise<void> => {
  const temp = `${file}.${process.pid}.backup.tmp`
  const now = await behindLinks(file)
  try {
    await rm(temp, { force: true })
    await link(now, temp).catch((error: unknown) => {
      // File systems without hard links (exFAT, some network shares), or a link to another one: a copy does the same, only slower.
      if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'].includes(codeOf(error))) return copyFile(now, temp)
      throw error
    })
    await rename(temp, `${file}.${name}`)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  } finally {
    // A rename onto another name of the same file does nothing and leaves both: so it is after a kill between the two renames.
    await rm(temp, { force: true })
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''
