import { needsYes } from '../core/errors.ts'
import { asker } from '../ui/ask.ts'
import type { Globals } from './globals.ts'
import type { Session } from './types.ts'

/**
 * The yes before something is changed: given with --yes, asked of a person, or refused with the command that says it.
 * @param would what would be changed, as the begin of the refusal's sentence
 * @param command the same command with --yes
 */
export const agreed = async (
  s: Pick<Session, 'io'>,
  g: Globals,
  question: string,
  would: string,
  command: string,
): Promise<boolean> => {
  if (g.yes) return true
  if (!s.io.interactive) throw needsYes(would, command)
  s.io.say()
  if (await asker(s.io).confirm(question, true, '--yes')) return true
  s.io.say('Nothing was changed.')
  return false
}
