import type { Aws } from '../aws/clients.ts'
import type { Task, TaskDefinition } from '../aws/services/ecs-types.ts'
import { InfraError, refuse } from '../core/errors.ts'
import { tasksOf } from './checks/tasks.ts'
import { idOf } from './failure.ts'
import { containerOf, revisionAt, revisionOf } from './revision.ts'
import type { Found } from './service.ts'

/** Every image that is not `scratch` or distroless has one. */
export const SHELL = '/bin/sh'

/**
 * The words of a command as the one text that ECS takes. The agent in the container takes it apart again as a shell would do, but
 * there is no shell: nothing is filled in. A single word with blanks in it is such a text already.
 */
export const commandText = (words: readonly string[]): string => {
  const [only = '', ...more] = words
  return more.length === 0 && /\s/.test(only.trim()) ? only.trim() : words.map(quoted).join(' ')
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/** Into what a session goes. */
export interface Room {
  readonly task: Task
  readonly id: string
  readonly definition: TaskDefinition
  readonly container: string
  /** Of the container, as Systems Manager names it; undefined until it runs. */
  readonly runtimeId: string | undefined
  /** ECS's word for the agent that takes sessions; undefined where the task was started without it. */
  readonly agent: string | undefined
  /** How many tasks there were to choose from. */
  readonly of: number
}

interface Wish {
  /** An id, its beginning, or an ARN. */
  readonly task?: string | undefined
  readonly container?: string | undefined
  line(verb: string, more?: string): string
}

const agentOf = (container: NonNullable<Task['containers']>[number] | undefined): string | undefined =>
  container?.managedAgents?.find((a) => a.name === 'ExecuteCommandAgent')?.lastStatus

const takesSessions = (t: Task): boolean => (t.containers ?? []).some((c) => agentOf(c) === 'RUNNING')

/**
 * The task that is named, or the youngest one that takes a session, and the container of the application in it.
 * @throws InfraError (exit 2) when there is none
 */
export const findRoom = async (aws: Pick<Aws, 'ecs'>, found: Found, wish: Wish): Promise<Room> => {
  const all = await tasksOf(aws, found.cluster, found.name, 'RUNNING')
  const running = all.filter((t) => t.lastStatus === 'RUNNING')
  if (running.length === 0) throw none(found, all, wish)
  const task = wish.task === undefined ? (running.find(takesSessions) ?? running[0]) : named(running, wish.task, found, wish)
  const id = idOf(task) ?? ''
  // Beside a rollout it may be another revision than that of the service.
  const own =
    task?.taskDefinitionArn === found.service.taskDefinition ? found : await revisionAt(aws, task?.taskDefinitionArn ?? '')
  if (!task || !own) throw new InfraError(`ECS does not show what the task ${id} runs`, { next: wish.line('exec') })
  const container = containerOf(own.definition, wish.container, found.service).name ?? ''
  const inside = task.containers?.find((c) => c.name === container)
  if (inside?.lastStatus === 'STOPPED')
    throw refuse(
      `The container ${container} of the task ${id} does not run`,
      `it ended${inside.exitCode === undefined ? '' : ` with ${inside.exitCode}`}, and the task goes on without it`,
      `${wish.line('logs')} says why`,
    )
  const { definition } = own
  return { task, id, definition, container, runtimeId: inside?.runtimeId, agent: agentOf(inside), of: running.length }
}

const none = ({ name, service }: Found, all: readonly Task[], { line }: Wish): InfraError => {
  if ((service.desiredCount ?? 0) === 0)
    return refuse(`No task of ${name} runs`, 'the service is set to none', `${line('scale', '1')}, then the same command again`)
  const states = all.map((t) => `${idOf(t)} is ${t.lastStatus}`).join(', ')
  return refuse(
    `No task of ${name} runs yet`,
    states || `${service.desiredCount} are wanted, and none is there`,
    `${line('verify')} says why; ${line('deploy')} follows a rollout that is under way`,
  )
}

const named = (running: readonly Task[], wish: string, found: Found, { line }: Wish): Task => {
  const id = wish.split('/').at(-1) ?? ''
  const fits = running.filter((t) => id !== '' && idOf(t)?.startsWith(id))
  const [task, more] = fits
  if (task && !more) return task
  const list = running.map((t) => `${idOf(t)} (${revisionOf(t.taskDefinitionArn)})`).join(', ')
  throw refuse(
    task ? `${fits.length} tasks begin with ${id}` : `No task ${id} of ${found.name} runs`,
    `these run: ${list}`,
    line('exec', '--task <id>'),
  )
}

/** What the Session Manager plugin needs to attach. */
interface Attachable {
  readonly SessionId: string
  readonly TokenValue: string
  readonly StreamUrl: string
}

/** Starts a command in a container by ECS Exec. @throws what ECS refuses it with, as the SDK throws it */
export const openSessionIn = async (aws: Pick<Aws, 'ecs'>, cluster: string, room: Room, command: string): Promise<Attachable> => {
  const input = { cluster, task: room.task.taskArn ?? '', container: room.container, command, interactive: true }
  const { session } = await aws.ecs('ExecuteCommand', input)
  const { sessionId: SessionId, tokenValue: TokenValue, streamUrl: StreamUrl } = session ?? {}
  if (!SessionId || !TokenValue || !StreamUrl) throw new InfraError('ECS gave no session', { next: 'Run the same command again' })
  return { SessionId, TokenValue, StreamUrl }
}

/** Ends a session that was cut off. One that this does not reach ends after 20 minutes in which nothing is said. */
export const endSession = async (aws: Pick<Aws, 'ssm'>, SessionId: string): Promise<void> => {
  await aws.ssm('TerminateSession', { SessionId }).catch(() => undefined)
}
