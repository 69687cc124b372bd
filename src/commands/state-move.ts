import { rename } from 'node:fs/promises'
import { InfraError, refuse } from '../engine/errors.ts'
import { asker } from '../ui/ask.ts'
import { commandLine, type Globals } from './globals.ts'
import { backendFor } from './place.ts'
import { setInFile } from './questions.ts'
import { openSession } from './session.ts'

/** `infra state move <place>`: moves the state to a bucket, or back into the folder, and lets the config say so. The old copy stays under another name. */
export const moveState = async (to: string, g: Globals): Promise<number> => {
  if (to !== 'local' && !/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/.*)?$/.test(to))
    throw refuse(
      `${to} is no place for a state`,
      'it must be local, or a bucket and a prefix',
      'For example infra state move s3://my-team-state/infra',
    )
  const s = await openSession(g, `infra state move ${to}`)
  try {
    if (s.sandbox)
      throw refuse('The sandbox keeps its state in this folder', 'a bucket in it would be gone with it', 'Leave --sandbox away')
    if (to === s.config.state) throw refuse(`The state is at ${s.state.place} already`, undefined, commandLine(g, 'status'))
    const target = await backendFor(s.loaded, false, s.aws, to)
    if ((await target.read().catch(explain)) !== undefined)
      throw refuse(
        `There is a state at ${target.place} already`,
        'it may be another team’s; nothing is overwritten',
        'Choose another prefix, or set "state" in infra.yaml to use that one',
      )
    const text = await s.backend.read()
    const question = `Move the state from ${s.state.place} to ${target.place}?`
    if (!g.yes) {
      if (!s.io.interactive) throw refuse(question, 'nobody can be asked here', `${commandLine(g, `state move ${to}`)} --yes`)
      if (!(await asker(s.io).confirm(question, true, '--yes'))) return 0
    }
    if (text !== undefined) {
      await target.write(text).catch(explain)
      if ((await target.read()) !== text)
        throw new InfraError(`${target.place} does not hold what was written`, {
          why: 'the old state is still in place',
          next: 'Run the same command again',
        })
    }
    await setInFile(s.loaded.file, [[['state'], to]])
    if (text !== undefined && s.config.state === 'local') await rename(s.state.place, `${s.state.place}.moved`)
    if (s.io.json) s.io.data({ from: s.state.place, to: target.place })
    s.io.say(
      `${s.io.c.green('✓')} The state is at ${target.place}; ${s.loaded.file} says so. Commit that, so that your team uses it. Next: ${s.io.c.cyan(commandLine(g, 'status'))}`,
    )
    return 0
  } finally {
    await s.close()
  }

  function explain(error: unknown): never {
    throw s.explain(error)
  }
}
