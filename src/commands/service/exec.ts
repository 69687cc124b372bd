import { InfraError, refuse } from '../../core/errors.ts'
import { findPlugin, PLUGIN, pluginCall, type Session } from '../../database/plugin.ts'
import { commandText, endSession, findRoom, openSessionIn, type Room, SHELL } from '../../ecs/exec.ts'
import { type Asked, objection, refusal } from '../../ecs/exec-failure.ts'
import { findOwn } from '../../session/owner.ts'
import { openService, orRefuse, type ServicePlace } from '../../session/service.ts'
import type { ExecFlags } from './definitions.ts'
import { attach, isTerminal } from './exec-terminal.ts'

/**
 * A command, or a shell, in a running task of a service, by ECS Exec. Nothing is changed in the account.
 * @param first the service, as the config names it
 * @param more the command; without one a shell
 * @returns the exit code of the session, which is 0 whatever became of the command: AWS does not pass that on
 */
export const execCommand = async (first: string | undefined, more: readonly string[], f: ExecFlags): Promise<number> => {
  // Where the service is named by a flag, the first word is one of the command.
  const [key, words] = f.service === undefined || first === undefined ? [first, more] : [undefined, [first, ...more]]
  if (f.json)
    throw refuse(
      'infra exec has no --json',
      'it gives a terminal away, and what comes is what the command writes',
      'infra run --json -- <command> runs it as a task of its own and tells its exit code',
    )
  if (words.length === 0 && !isTerminal())
    throw refuse(
      'A shell needs a terminal, and there is none here',
      'input or output is a file, a pipe or a script',
      'Name the command: infra exec [service] -- <command>',
    )
  const p = await openService(key, f, 'exec', false)
  try {
    const found = await orRefuse(p, findOwn(p, 'exec'))
    const room = await orRefuse(p, findRoom(p.aws, found, { ...f, line: p.line }))
    if (p.sandbox)
      throw refuse(
        `The task ${room.id} is one of the sandbox`,
        'it has states and no container, so there is nothing to go into',
        'Leave --sandbox out',
      )
    const { region, aws, line } = p
    const exec = p.stack?.config.ecs.exec
    const ours = p.named.key === undefined || exec === undefined ? undefined : { exec }
    const asked: Asked = { aws, found, room, region, ours, line }
    const against = await orRefuse(p, objection(asked))
    if (against) throw against
    return await within(p, asked, words.length === 0 ? SHELL : commandText(words), words.length > 0)
  } finally {
    await p.close()
  }
}

const within = async (p: ServicePlace, asked: Asked, command: string, named: boolean): Promise<number> => {
  const { io, region } = p
  const { room } = asked
  const plugin = await findPlugin(process.env, io.note, '')
  const session = await startSession(p, asked, command)
  io.note(io.c.dim(`${where(room)}: ${command}`))
  const profile = p.g.profile ?? p.stack?.config.profile ?? process.env.AWS_PROFILE ?? ''
  const request = { Target: `ecs:${p.named.cluster}_${room.id}_${room.runtimeId ?? ''}` }
  const { args, env } = pluginCall({ plugin, session, region, profile, request, env: process.env })
  p.ownSignals()
  const { code, cut, refused } = await attach(PLUGIN, args, env)
  // One that ends by itself ends the session too.
  if (cut) await endSession(p.aws, session.SessionId)
  if (refused)
    throw new InfraError(`The session in the task ${room.id} did not come to be`, {
      why: refused.replaceAll(session.TokenValue, '...'),
      next: `Run the same command again; ${p.line('deploy', '--force')} starts new tasks`,
    })
  if (named && code === 0 && !isTerminal())
    io.note(
      io.c.dim(
        `How the command ended is not known: ECS Exec does not tell. One whose exit code counts: ${p.line('run', '-- <command>')}`,
      ),
    )
  return code
}

const where = ({ id, container, of }: Room): string =>
  `${container} in the task ${id}${of > 1 ? ` (one of ${of}; another one: --task <id>)` : ''}`

const startSession = async (p: ServicePlace, asked: Asked, command: string): Promise<Session> => {
  const { room } = asked
  return orRefuse(
    p,
    openSessionIn(p.aws, p.named.cluster, room, command).catch(async (error: unknown) => {
      throw error instanceof InfraError ? error : await refusal(asked, error)
    }),
  )
}
