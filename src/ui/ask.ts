import { refuse } from '../engine/errors.ts'
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
    if (!io.interactive) throw refuse(`"${question}" needs an answer, but nobody can be asked here`, 'there is no terminal', flag)
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
