import { InfraError } from '../../core/errors.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import type { Session } from '../../session/session.ts'
import type { Unrecorded } from '../../session/unrecorded/unrecorded.ts'
import { asker } from '../../ui/ask.ts'
import { list } from '../../ui/format.ts'

/** @param again the same create, for the line that goes by infra.yaml instead */
const textsOf = (one: Unrecorded, g: Globals, undo: boolean, again: string): string[] => {
  const { key, revision, differs, lost, counts } = one
  const many = differs.length === 1 ? ['stays as it runs', 'is taken back'] : ['stay as they run', 'are taken back']
  return [
    ...(differs.length > 0
      ? [
          `${key} runs ${revision}, and nobody has recorded that deploy: ${list(differs)} ${undo ? many[1] : many[0]}.${undo ? '' : ` To go by infra.yaml instead: ${again}`}`,
        ]
      : []),
    ...(lost.length > 0 && !undo
      ? [
          `${list(lost)} of ${revision} sounds like a secret, and a plain text like that is kept in no state: create takes it away. To keep it: ${commandLine(g, `deploy ${key} --set-secret ${lost[0]}=<secret:KEY>`)}`,
        ]
      : []),
    ...counts,
  ]
}

/** With the plan: what runs without a record, and what becomes of it. */
export const sayUnrecorded = ({ io, g }: Session, all: readonly Unrecorded[], undo: boolean, again: string): void => {
  for (const text of all.flatMap((one) => textsOf(one, g, undo, again))) io.say(`  ${io.c.yellow('!')} ${text}`)
}

/** As other programs rely on it. */
export const unrecordedData = (all: readonly Unrecorded[]): object[] =>
  all.map(({ key, revision, differs, lost, counts }) => ({ key, revision, differs, lost, counts }))

/**
 * Whether a release that nobody has recorded is taken back: asked of a person. A script keeps what runs, and is refused where that cannot
 * be done.
 * @throws InfraError (exit 2)
 */
export const undoes = async (s: Session, all: readonly Unrecorded[], undo: boolean, again: string): Promise<boolean> => {
  const changed = all.filter((one) => one.differs.length + one.lost.length > 0)
  if (undo || changed.length === 0) return undo
  const [lost] = changed.filter((one) => one.lost.length > 0)
  if (s.io.interactive && !s.g.yes) {
    sayUnrecorded(s, changed, false, again)
    return !(await asker(s.io).confirm('Keep what runs?', true, '--undo-deploys'))
  }
  if (lost)
    throw new InfraError(`${lost.key} runs ${lost.revision}, and nobody has recorded that deploy`, {
      why: `${list(lost.lost)} cannot be kept: it sounds like a secret, and a plain text like that comes into no state`,
      next: `${commandLine(s.g, `deploy ${lost.key} --set-secret ${lost.lost[0]}=<secret:KEY>`)}, then the same command again; or by infra.yaml alone: ${again}`,
      exitCode: 2,
    })
  return false
}
