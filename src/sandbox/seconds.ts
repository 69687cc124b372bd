import { SandboxError } from './error.ts'

/** How many seconds things take in the sandbox; the defaults are in moto_ext/clock.py. */
export type Seconds = Record<string, number>

/** `fast` wins over the text of the environment; undefined leaves the server its defaults. */
export function secondsText(fast: boolean | undefined, env: NodeJS.ProcessEnv): string | undefined {
  return fast ? '0' : env.INFRA_SANDBOX_SECONDS || undefined
}

/** Names of the settings in `text` that the running server does not have. An empty list: it is as asked for. */
export function differences(text: string | undefined, running: Seconds): string[] {
  if (!text) return []
  const aliases: Record<string, string[]> = { '': Object.keys(running), delete: ['rds-delete', 'nat-delete', 'ec2-delete'] }
  const different: string[] = []
  for (const part of text
    .split(',')
    .map((p) => p.trim())
    .filter(Boolean)) {
    const at = part.lastIndexOf('=')
    const name = part.slice(0, Math.max(at, 0))
    const value = Number(part.slice(at + 1))
    for (const one of aliases[name] ?? [name]) {
      const now = running[one]
      if (now === undefined || Number.isNaN(value)) {
        throw new SandboxError(
          'The seconds of the sandbox cannot be read',
          `INFRA_SANDBOX_SECONDS has '${part}'`,
          `Use one number for all, or name=number of: ${[...Object.keys(running), 'delete'].join(', ')}`,
        )
      }
      if (now !== value) different.push(`${one}: ${now} s, not ${value} s`)
    }
  }
  return different
}
