import { closest } from '../../config/closest.ts'
import { refuse } from '../../core/errors.ts'
import { idOf } from '../../engine/context.ts'
import { kindOf } from '../../kinds/index.ts'
import { agreed } from '../../session/confirm.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { openSession } from '../../session/session.ts'

/** `infra state forget <key>`: takes a resource out of the record. The resource itself stays as it is, and is no longer this stack's. */
export const forgetRow = async (key: string, g: Globals): Promise<number> => {
  const s = await openSession(g, `infra state forget ${key}`)
  try {
    const row = s.state.row(key)
    if (!row) {
      const meant = closest(key, [...s.state.all().keys()])
      throw refuse(
        `Nothing is recorded as ${key}`,
        meant ? `did you mean ${meant}?` : undefined,
        commandLine(g, 'show-resources'),
      )
    }
    const id = idOf(row.attrs, row.name)
    const what = `the ${kindOf(row.type).facts.title} ${id}`
    header({ ...s, account: s.caller.account }, 'Forget')
    s.io.say(`  ${key}: ${what} stays in the account as it is, and infra no longer knows of it.`)
    s.io.say(
      '  No destroy will delete it. A create finds it again where its name or its tags are still this stack’s, or makes a new one.',
    )
    const yes = commandLine(g, `state forget ${key} --yes`)
    if (!(await agreed(s, g, 'Forget it?', 'This would write the state', yes))) return 0
    await s.state.drop(key)
    if (s.io.json) s.io.data({ forgotten: key, type: row.type, id })
    s.io.say(`\n${s.io.c.green('✓')} ${key} is no longer recorded. Next: ${s.io.c.cyan(commandLine(g, 'plan'))}`)
    return 0
  } finally {
    await s.close()
  }
}
