import { copyFile, link, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { alive } from './process.ts'

/** Atomic and durable: a reader, also one after a power cut, finds the old text or the new. The old one stays as `.backup`. */
export const replace = async (file: string, text: string): Promise<void> => {
  const folder = dirname(file)
  await mkdir(folder, { recursive: true })
  const temp = `${file}.${process.pid}.tmp`
  try {
    const handle = await open(temp, 'w', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await keepBackup(file)
    await rename(temp, file)
  } catch (error) {
    await rm(temp, { force: true })
    throw error
  }
  const dir = await open(folder, 'r')
  try {
    await dir.sync()
  } catch (error) {
    // Windows and some network file systems cannot sync a folder; the rename itself is atomic there too.
    if (!['EPERM', 'EISDIR', 'EINVAL', 'ENOTSUP'].includes(codeOf(error))) throw error
  } finally {
    await dir.close()
  }
}

/** Removes what runs that were killed while they saved have left beside the file. For whoever holds its lock. */
export const sweepTemps = async (file: string): Promise<void> => {
  const names = await readdir(dirname(file)).catch(() => [])
  for (const name of names) {
    const pid = name.startsWith(`${basename(file)}.`)
      ? /^(\d+)(\.backup)?\.tmp$/.exec(name.slice(basename(file).length + 1))?.[1]
      : undefined
    // One that still saves, though somebody took its lock away, fails by its own means and not by this.
    if (pid && (Number(pid) === process.pid || !alive(Number(pid))))
      await rm(join(dirname(file), name), { force: true }).catch(() => {})
  }
}

const keepBackup = async (file: string): Promise<void> => {
  const temp = `${file}.${process.pid}.backup.tmp`
  try {
    await rm(temp, { force: true })
    await link(file, temp).catch((error: unknown) => {
      // File systems without hard links (exFAT, some network shares): a copy does the same, only slower.
      if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error))) return copyFile(file, temp)
      throw error
    })
    await rename(temp, `${file}.backup`)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  } finally {
    // A rename onto another name of the same file does nothing and leaves both: so it is after a kill between the two renames.
    await rm(temp, { force: true })
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''
