import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { TunnelOptions } from '../../../src/database/ssm.ts'
import { fakeAws } from '../../support/models/fake.ts'

/** What a call may hold, by AWS's own documents (API_StartSession, API_DescribeInstanceInformation and so on). */
const SHAPES: Readonly<Record<string, readonly string[]>> = {
  StartSession: ['Target', 'DocumentName', 'Parameters', 'Reason'],
  TerminateSession: ['SessionId'],
  DescribeInstanceInformation: ['Filters', 'MaxResults', 'NextToken'],
  DescribeInstances: ['Filters', 'InstanceIds', 'MaxResults', 'NextToken'],
  ListTasks: ['cluster', 'serviceName', 'desiredStatus', 'nextToken', 'maxResults'],
  DescribeTasks: ['cluster', 'tasks', 'include'],
}

export interface Instance {
  readonly id: string
  readonly vpc?: string
  readonly state?: string
  /** As Systems Manager sees it; undefined: not at all. */
  readonly ping?: string | undefined
  readonly ours?: boolean
}

export interface Task {
  readonly id: string
  readonly service?: string
  readonly exec?: boolean
  readonly agent?: string
  readonly runtimeId?: string
}

interface Filter {
  readonly Key?: string
  readonly Name?: string
  readonly Values: readonly string[]
}

/** An account with instances and tasks, which answers page by page. */
export class Sessions {
  instances: Instance[] = []
  tasks: Task[] = []
  readonly calls: { operation: string; input: Readonly<Record<string, unknown>> }[] = []
  refuse: Readonly<Record<string, Error>> = {}
  count = 0

  readonly aws: TunnelOptions['aws'] = fakeAws({
    ssm: (operation: string, input: object) => this.#answer(operation, input),
    ec2: (operation: string, input: object) => this.#answer(operation, input),
    ecs: (operation: string, input: object) => this.#answer(operation, input),
  })

  did(operation: string): Readonly<Record<string, unknown>>[] {
    return this.calls.filter((c) => c.operation === operation).map((c) => c.input)
  }

  async #answer(operation: string, given: object): Promise<unknown> {
    const input = given as Readonly<Record<string, unknown>>
    this.calls.push({ operation, input })
    const unknown = Object.keys(input).filter((k) => !SHAPES[operation]?.includes(k))
    if (unknown.length > 0) throw new Error(`${operation} knows no ${unknown.join(', ')}`)
    await wait(1)
    const refused = this.refuse[operation]
    if (refused) throw refused
    const filters = (input.Filters ?? []) as readonly Filter[]
    const passes = (of: Readonly<Record<string, string | undefined>>) =>
      filters.every((f) => f.Values.includes(of[f.Key ?? f.Name ?? ''] ?? ''))
    /** One at a time. */
    const page = <T>(all: readonly T[], token: unknown): readonly [T[], string | undefined] => {
      const from = Number(token ?? 0)
      return [all.slice(from, from + 1), from + 1 < all.length ? String(from + 1) : undefined]
    }
    if (operation === 'StartSession') {
      const n = ++this.count
      return {
        SessionId: `me-${n}`,
        TokenValue: `token-of-${n}-AAEAAd`,
        StreamUrl: `wss://ssmmessages.us-east-1.amazonaws.com/v1/data-channel/me-${n}`,
      }
    }
    if (operation === 'TerminateSession') return { SessionId: input.SessionId }
    if (operation === 'DescribeInstanceInformation') {
      const seen = this.instances.filter((i) => i.ping && passes({ PingStatus: i.ping, InstanceIds: i.id }))
      const [some, NextToken] = page(seen, input.NextToken)
      return { InstanceInformationList: some.map((i) => ({ InstanceId: i.id, PingStatus: i.ping })), NextToken }
    }
    if (operation === 'DescribeInstances') {
      const seen = this.instances.filter((i) =>
        passes({ 'vpc-id': i.vpc ?? 'vpc-1', 'instance-state-name': i.state ?? 'running' }),
      )
      const [some, NextToken] = page(seen, input.NextToken)
      const Tags = (i: Instance) => (i.ours ? [{ Key: 'infra:stack', Value: 'shop/production' }] : [{ Key: 'Name', Value: 'x' }])
      return { Reservations: some.map((i) => ({ Instances: [{ InstanceId: i.id, Tags: Tags(i) }] })), NextToken }
    }
    const arn = (t: Task) => `arn:aws:ecs:us-east-1:123456789012:task/shop/${t.id}`
    if (operation === 'ListTasks') {
      const [some, nextToken] = page(
        this.tasks.filter((t) => !input.serviceName || t.service === input.serviceName),
        input.nextToken,
      )
      return { taskArns: some.map(arn), nextToken }
    }
    const asked = this.tasks.filter((t) => (input.tasks as string[]).includes(arn(t)))
    return {
      tasks: asked.map((t) => ({
        taskArn: arn(t),
        enableExecuteCommand: t.exec ?? true,
        containers: [
          { name: 'log', runtimeId: `${t.id}-1` },
          {
            name: 'web',
            runtimeId: t.runtimeId ?? `${t.id}-2`,
            managedAgents: [{ name: 'ExecuteCommandAgent', lastStatus: t.agent ?? 'RUNNING' }],
          },
        ],
      })),
    }
  }
}

export interface Started {
  readonly args: string[]
  readonly pid: number
  readonly [k: string]: unknown
}

/** A folder with the stand-in of the plugin under the plugin's name. */
export interface PluginFolder {
  readonly env: NodeJS.ProcessEnv
  started(): Promise<Started[]>
  /** Whether one was told to end as by Ctrl-C. */
  interrupted(): Promise<boolean>
  remove(): Promise<void>
}

export const pluginFolder = async (env: NodeJS.ProcessEnv = {}): Promise<PluginFolder> => {
  const folder = await mkdtemp(join(tmpdir(), 'infra-plugin-'))
  const record = join(folder, 'record')
  const file = join(folder, 'session-manager-plugin')
  await writeFile(
    file,
    `#!/bin/sh\nexec "${process.execPath}" "${fileURLToPath(new URL('./plugin.cjs', import.meta.url))}" "$@"\n`,
  )
  await chmod(file, 0o755)
  return {
    env: {
      PATH: `${folder}:/usr/bin:/bin`,
      STAND_IN_RECORD: record,
      STAND_IN_ONCE: join(folder, 'once'),
      ...env,
    },
    started: async () =>
      (await readFile(record, 'utf8').catch(() => ''))
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Started)
        .filter((s) => s.args),
    interrupted: async () => /"interrupted"/.test(await readFile(record, 'utf8')),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
