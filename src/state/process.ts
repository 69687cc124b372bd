import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** Whether there is a process of this id on this host: perhaps another one than was meant, see {@link runs}. */
export const alive = (pid: number): boolean => {
  if (pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * When the process began, as text that no other process of this id has: ids are used again, above all after a reboot.
 * @returns undefined where the system does not tell; `gone` for one that was killed and that its parent has not buried yet
 */
export const bornOf = async (pid: number): Promise<string | undefined> => {
  try {
    if (process.platform === 'linux') {
      const [stat, boot] = await Promise.all([
        readFile(`/proc/${pid}/stat`, 'utf8'),
        readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      ])
      // The name in parentheses may hold anything; what follows it are fields 3 (state) and on, 22 is the start: man7.org, proc_pid_stat(5)
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return fields[0] === 'Z' || fields[0] === 'X' ? 'gone' : `${boot.trim()} ${fields[19]}`
    }
    if (process.platform === 'win32') return undefined
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], {
      env: { ...process.env, LC_ALL: 'C' },
    })
    return stdout.trim() || undefined
  } catch {
    return undefined
  }
}

/** Whether this very process still runs. In doubt yes: a lock that is held too long is a nuisance, one that is broken is a danger. */
export const runs = async ({ pid, born }: { readonly pid: number; readonly born?: string | undefined }): Promise<boolean> => {
  if (!alive(pid)) return false
  const now = await bornOf(pid)
  return now !== 'gone' && (born === undefined || now === undefined || born === now)
}
