import { refuse } from '../core/errors.ts'
import type { Io } from './io.ts'

/** Questions to a person. Where none can answer, each is refused with the flag that answers it. */
export interface Asker {
  confirm(question: string, byDefault: boolean, flag: string): Promise<boolean>
  choose<T extends string>(
    question: string,
    choices: readonly { value: T; name: string; description?: string }[],
    flag: string,
  ): Promise<T>
  text(question: string, byDefault: string, check: (value: string) => string | undefined, flag: string): Promise<string>
}

export const asker = (io: Io): Asker => {
  const prompts = async (question: string, flag: string) => {
    if (!io.interactive)
      throw refuse(`"${question}" needs an answer, but nobody can be asked here`, 'there is no terminal', flag, 'yes.needed')
    return import('@inquirer/prompts')
  }
  const context = { output: process.stderr }
  return {
    async confirm(question, byDefault, flag) {
      const { confirm } = await prompts(question, flag)
      return confirm({ message: question, default: byDefault }, context)
    },
    async choose(question, choices, flag) {
      const { select } = await prompts(question, flag)
      return select({ message: question, choices: choices.map((c) => ({ ...c, short: c.value })) }, context)
    },
    async text(question, byDefault, check, flag) {
      const { input } = await prompts(question, flag)
      return input(
        { message: question, ...(byDefault ? { default: byDefault } : {}), validate: (v) => check(v) ?? true },
        context,
      )
    },
  }
}

/**
 * Asks for the code of an MFA device, also with --yes and --json: it is a sign-in, not a decision. Undefined where there is no terminal.
 */
export const mfaCode = (): ((device: string) => Promise<string>) | undefined => {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  return async (device) => {
    const { input } = await import('@inquirer/prompts')
    const validate = (v: string): true | string => /^\d{6}$/.test(v.trim()) || 'six digits, as the device shows them'
    const code = await input({ message: `MFA code of ${device}:`, validate }, { output: process.stderr })
    return code.trim()
  }
}
