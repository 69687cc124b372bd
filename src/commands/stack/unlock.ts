import { connect } from '../../aws/clients.ts'
import { loadConfig } from '../../config/load.ts'
import { refuse } from '../../core/errors.ts'
import { backendFor } from '../../session/backend.ts'
import { checkEnvironment } from '../../session/environment.ts'
import { commandLine, type Globals, ioOf, wantsSandbox } from '../../session/globals.ts'
import { asker, mfaCode } from '../../ui/ask.ts'

/** Shows who holds the lock, and takes it away. Lock and state are apart: nothing else is touched. */
export const unlockCommand = async (g: Globals): Promise<number> => {
  const io = ioOf(g)
  const loaded = await loadConfig({ file: g.config, environment: g.env, region: g.region })
  const aws = connect({ region: loaded.config.region, profile: g.profile ?? loaded.config.profile, askCode: mfaCode() })
  const backend = await backendFor(loaded, wantsSandbox(g), aws)
  await checkEnvironment(loaded, g, async () => (await backend.read()) !== undefined)
  const holder = await backend.holder()
  if (!holder) {
    if (io.json) io.data({ unlocked: false, holder: null })
    io.say(`Nobody holds the lock of ${backend.place}. Next: ${io.c.cyan(commandLine(g, 'status'))}`)
    return 0
  }
  io.say(`The lock of ${backend.place} is held by ${holder}.`)
  if (!g.yes) {
    if (!io.interactive)
      throw refuse(
        `The lock is held by ${holder}`,
        'nobody can be asked here whether to take it away',
        `${commandLine(g, 'unlock')} --yes`,
        'yes.needed',
      )
    const sure = await asker(io).confirm('Is that run surely over? If it still works, two runs would be at it.', false, '--yes')
    if (!sure) {
      io.say('Nothing was changed.')
      return 0
    }
  }
  await backend.unlock()
  if (io.json) io.data({ unlocked: true, holder })
  io.say(`${io.c.green('✓')} The lock is gone. Next: ${io.c.cyan(commandLine(g, 'status'))}`)
  return 0
}
