import { needsYes, refuse } from '../../core/errors.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import type { Session } from '../../session/session.ts'
import { asker } from '../../ui/ask.ts'

export interface ConfirmFlags extends Globals {
  /** The name, typed again: the yes to losing data. */
  readonly confirm?: string
}

interface Asked {
  /** The name that is the yes. */
  readonly name: string
  /** What bears that name. */
  readonly kind?: 'database' | 'snapshot'
  /** `This deletes the database shop` */
  readonly what: string
  /** What follows `infra` in the command that says it all. */
  readonly words: string
}

/** Data has its own yes: the name of what holds it, typed or given with --yes --confirm. @throws InfraError (exit 2) where nobody can be asked */
export const confirmedByName = async (
  s: Session,
  flags: ConfirmFlags,
  { name, kind = 'database', what, words }: Asked,
): Promise<boolean> => {
  const command = commandLine(flags, `${words} --yes --confirm ${name}`)
  if (flags.confirm !== undefined && flags.confirm !== name)
    throw refuse(
      `--confirm is ${flags.confirm}, but the ${kind} is ${name}`,
      'the name must be typed as it is; nothing was changed',
      command,
    )
  if (flags.yes) {
    if (flags.confirm !== undefined) return true
    throw refuse(what, '--yes alone does not say so; nothing was changed', command, 'yes.needed')
  }
  if (!s.io.interactive) throw needsYes(what, command)
  s.io.say()
  const ask = asker(s.io)
  const yes =
    flags.confirm !== undefined
      ? await ask.confirm(`${what}. Do it?`, false, '--yes')
      : (await ask.text(`${what}. Type its name to go on:`, '', () => undefined, '--confirm')) === name
  if (!yes) s.io.say(flags.confirm === undefined ? `That is not ${name}. Nothing was changed.` : 'Nothing was changed.')
  return yes
}
