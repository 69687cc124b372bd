import { refuse } from '../../core/errors.ts'
import { inSandbox, ioOf } from '../../session/globals.ts'
import { columns } from '../../ui/format.ts'
import type { SandboxFlags } from './definitions.ts'

/** The local AWS: start, stop, status, reset, env, push. */
export const sandboxCommand = async (verb: string, flags: SandboxFlags, what?: string): Promise<number> => {
  const io = ioOf(flags)
  const box = await import('../../sandbox/index.ts')
  const report = (line: string): void => io.note(io.c.dim(line))
  if (verb === 'start') {
    const { fast, privateDatabases } = flags
    await box.ensureSandbox({ fast: fast === true, privateDatabases, report })
    return show(await box.sandboxStatus({ fast, privateDatabases }))
  }
  if (verb === 'stop') {
    const stopped = await box.stopSandbox()
    if (io.json) io.data({ stopped })
    io.say(
      stopped
        ? 'The sandbox is stopped; what was in it is forgotten. The next create --sandbox builds it again.'
        : 'No sandbox was running.',
    )
    return 0
  }
  if (verb === 'reset') {
    await box.resetSandbox()
    if (io.json) io.data({ reset: true })
    io.say('The sandbox is empty again, for every folder that uses it. The next create --sandbox builds anew.')
    return 0
  }
  if (verb === 'status') return show(await box.sandboxStatus({ fast: flags.fast }))
  if (verb === 'env') {
    const [{ printEnvironment }, status] = await Promise.all([import('./env.ts'), box.sandboxStatus()])
    return printEnvironment(status, flags, io)
  }
  if (verb === 'push') {
    const [{ pushImage }, status] = await Promise.all([import('./push.ts'), box.sandboxStatus()])
    return pushImage(what, status.running ? status.sandbox : undefined, flags, io)
  }
  throw refuse(`infra sandbox has no ${verb}`, 'it knows start, stop, status, reset, env and push', 'infra sandbox status')

  function show(status: Awaited<ReturnType<typeof box.sandboxStatus>>): number {
    if (io.json) {
      // Not the credentials: those are printed only by the command that is there for it.
      io.data(status.running ? { ...status, sandbox: { ...status.sandbox, credentials: undefined } } : status)
      return 0
    }
    if (!status.running) {
      io.say(
        `No sandbox is running.${status.note ? ` ${status.note}` : ''} Next: ${io.c.cyan('infra sandbox start')} (any command with --sandbox starts it too)`,
      )
      return 0
    }
    const { url, pid, startedAt, seconds, log, privateDatabases } = status.sandbox
    const slow = Object.entries(seconds).map(([k, v]) => `${k} ${v} s`)
    io.say(`${io.c.green('✓')} The sandbox is running: a local AWS in memory; nothing is real, nothing costs.`)
    io.say(
      columns([
        ['endpoint', url],
        ['process', `${pid}, since ${startedAt}`],
        ['takes', slow.join(', ')],
        ['log', log],
        ...(privateDatabases ? [['databases', 'answer only from inside their network, as on AWS']] : []),
        ['try', io.c.cyan(inSandbox('aws ec2 describe-vpcs'))],
      ]),
    )
    if (status.note) io.say(`  ${io.c.yellow('!')} ${status.note}`)
    return 0
  }
}
