import type { Plan } from '../../engine/plan.ts'
import { backupAdvice } from '../../session/backup-advice.ts'
import type { Globals } from '../../session/globals.ts'
import { waitingServices } from '../../session/images.ts'
import { sayUnfilled, unfilledIn } from '../../session/placeholders.ts'
import type { Session } from '../../session/session.ts'
import type { View } from '../../session/survey.ts'
import { elapsed, list } from '../../ui/format.ts'
import { sayNext } from './next.ts'

/** What a create that made everything says at its end: what is left to a person, and the next command. */
export const success = (
  s: Session,
  flags: Globals,
  { view, plan, steps, ms }: { readonly view: View; readonly plan: Plan; readonly steps: readonly string[]; readonly ms: number },
): void => {
  const { io } = s
  io.say(`\n${io.c.green('✓')} ${list(steps)} done in ${elapsed(ms)}.`)
  const mail = [...s.state.all().values()].filter(
    (r) => r.type === 'sns.subscription' && steps.includes(r.step) && String(r.attrs?.arn).startsWith('arn:') === false,
  )
  for (const row of mail)
    io.say(`  ${io.c.yellow('!')} ${row.name}: pending confirmation. AWS has sent a mail; click its link, or no alarm arrives.`)
  if (steps.includes('monitoring') && s.config.monitoring.emails.length === 0)
    io.say(
      `  ${io.c.yellow('!')} No e-mail gets the alarms: set monitoring.email in ${s.loaded.file} and run create monitoring again.`,
    )
  const db = s.state.row('db-instance')
  if (steps.includes('rds') && db?.attrs?.endpoint) io.say(`  Database: ${db.attrs.endpoint}:${db.attrs.port}`)
  for (const a of plan.actions)
    for (const sentence of a.impact?.left ?? []) io.say(`  ${io.c.yellow('!')} ${a.key}: left to you: ${sentence}`)
  const fresh = [...view.survey].flatMap(([key, seen]) => (seen.is === 'absent' ? [key] : []))
  if (steps.includes('secrets')) sayUnfilled(s, unfilledIn(s.config, view.survey, fresh))
  if (fresh.includes('db-instance') && steps.includes('rds')) for (const line of backupAdvice(s.config)) io.say(`  ${line}`)
  sayNext(s, flags, waitingServices(s.config, view.lookups, flags))
}
