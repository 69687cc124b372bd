import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { SandboxError } from './error.ts'
import { isAlive } from './server.ts'

// Longer than making a virtual environment takes, which happens under the lock.
const MINUTES_11 = 660_000

/**
 * Waits until the lock file is ours; returns how to give it back. The pid in it tells a dead holder from a living one.
 * The file appears with its content (link), so that nobody ever reads an empty one and takes it for an orphan.
 */
export async function holdLock(file: string, signal?: AbortSignal): Promise<() => Promise<void>> {
  const mine = `${process.pid} ${Math.random().toString(36).slice(2)}\n`
  const draft = `${file}.${mine.trim().replace(' ', '-')}`
  await writeFile(draft, mine)
  try {
    for (const deadline = Date.now() + MINUTES_11; ; await sleep(50, undefined, signal ? { signal } : {})) {
      const got = await link(draft, file).then(
        () => true,
        () => false,
      )
      if (got) break
      const holder = await readFile(file, 'utf8').catch(() => undefined)
      const pid = Number.parseInt(holder ?? '', 10)
      if (holder !== undefined && !isAlive(pid)) await takeAway(file, holder, draft)
      if (Date.now() > deadline) {
        throw new SandboxError(
          'The sandbox is busy',
          `process ${pid} has been starting it for 11 minutes`,
          `Look at that process, or remove ${file}`,
        )
      }
    }
  } finally {
    await rm(draft, { force: true })
  }
  return async () => {
    if ((await readFile(file, 'utf8').catch(() => '')) === mine) await rm(file, { force: true })
  }
}

/**
 * Removes a dead holder's lock. Whoever links the marker of that one holder may do it, so that two who saw the same dead
 * holder cannot remove each other's new lock.
 */
async function takeAway(file: string, holder: string, draft: string): Promise<void> {
  const marker = `${file}.dead-${holder.trim().replace(' ', '-')}`
  try {
    await link(draft, marker)
  } catch {
    const other = Number.parseInt(await readFile(marker, 'utf8').catch(() => ''), 10)
    if (other && !isAlive(other)) await rm(marker, { force: true })
    return
  }
  if ((await readFile(file, 'utf8').catch(() => '')) === holder) await rm(file, { force: true })
  await rm(marker, { force: true })
}
