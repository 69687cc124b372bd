import { randomBytes } from 'node:crypto'
import { accessSync, chmodSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { access, constants, lstat, open, readdir, readlink, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { alive } from './process.ts'

/**
 * Writes a file so that whoever reads it, also after a kill or a power cut at any instant, finds the old text or the new. A symbolic link stays
 * one, and what it leads to is replaced; mode and owner stay. The folder must be there.
 * @param mode of a file that is new; default: what the umask leaves
 * @throws the error of the system; the file is as it was then
 */
export const replaceFile = async (file: string, text: string, how: { readonly mode?: number } = {}): Promise<void> => {
  await swap(file, text, how)
  await sweepTemps(await behindLinks(file), false)
}

/** The same for whoever tidies up at another time. @param keep called when the new text is durable, and the old one still in its place */
export const swap = async (
  file: string,
  text: string,
  { mode = 0o666 & ~process.umask(), keep }: { readonly mode?: number; readonly keep?: () => Promise<void> } = {},
): Promise<void> => {
  const target = await behindLinks(file)
  const before = await stat(target).catch(() => undefined)
  // A rename asks only for the folder's rights: a file that is write-protected is meant to stay.
  if (before) await access(target, constants.W_OK)
  const temp = `${target}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  try {
    // Nobody else may look into it before it has the rights of the one that it replaces, or put a link in its place.
    const handle = await open(temp, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      if (before && (before.uid !== process.getuid?.() || before.gid !== process.getgid?.()))
        await handle.chown(before.uid, before.gid).catch(() => undefined)
      await handle.chmod(before ? before.mode & 0o7777 : mode)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await keep?.()
    await rename(temp, target)
  } catch (error) {
    await rm(temp, { force: true })
    throw error
  }
  await syncFolder(dirname(target))
}

/** The same for what is put back while the process ends. */
export const replaceFileSync = (file: string, text: string): void => {
  const target = realpathSync(file)
  const { mode } = statSync(target)
  accessSync(target, constants.W_OK)
  const temp = `${target}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  try {
    writeFileSync(temp, text, { mode: 0o600, flag: 'wx', flush: true })
    chmodSync(temp, mode & 0o7777)
    renameSync(temp, target)
  } catch (error) {
    rmSync(temp, { force: true })
    throw error
  }
}

/** Where a write goes: the end of a chain of links, which need not exist yet. */
export const behindLinks = async (file: string): Promise<string> => {
  const found = await realpath(file).catch(() => undefined)
  if (found) return found
  const link = await lstat(file).catch(() => undefined)
  return link?.isSymbolicLink() ? resolve(dirname(file), await readlink(file)) : file
}

const syncFolder = async (folder: string): Promise<void> => {
  const dir = await open(folder, 'r')
  try {
    await dir.sync()
  } catch (error) {
    // Windows and some network file systems cannot sync a folder; the rename itself is atomic there too.
    if (!['EPERM', 'EISDIR', 'EINVAL', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    await dir.close()
  }
}

/**
 * Removes what runs that were killed while they wrote have left beside the file.
 * @param own also what bears this process's number: for whoever knows that nothing of its own is under way
 */
export const sweepTemps = async (file: string, own: boolean): Promise<void> => {
  const names = await readdir(dirname(file)).catch(() => [])
  for (const name of names) {
    const pid = name.startsWith(`${basename(file)}.`)
      ? /^(\d+)(\.[0-9a-f]{8}|\.backup)?\.tmp$/.exec(name.slice(basename(file).length + 1))?.[1]
      : undefined
    // One that still writes must not lose its draft.
    if (pid && (Number(pid) === process.pid ? own : !alive(Number(pid))))
      await rm(join(dirname(file), name), { force: true }).catch(() => {})
  }
}
