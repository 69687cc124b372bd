import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Place, place } from '../../support/cli.ts'

const PLUGIN = fileURLToPath(new URL('./plugin.cjs', import.meta.url))
const ARN = 'arn:aws:ecs:us-east-1:111122223333'
export const REVISION = `${ARN}:task-definition/shop-dev-web:7`
export const ID = '35deca799d9647039ceac6754fb9c1e8'

type Json = Record<string, unknown>
interface Refused {
  readonly error: string
  readonly message: string
}
export interface Sent {
  readonly op: string
  readonly input: Json
}

/** A task as ECS shows it, with a container that takes sessions and one beside it. */
export const task = (id: string, began: number, more: Json = {}, web: Json = {}): Json => ({
  taskArn: `${ARN}:task/shop/${id}`,
  taskDefinitionArn: REVISION,
  lastStatus: 'RUNNING',
  desiredStatus: 'RUNNING',
  enableExecuteCommand: true,
  startedAt: 1_800_000_000 + began,
  containers: [
    { name: 'router', lastStatus: 'RUNNING', runtimeId: `${id}-1` },
    {
      name: 'web',
      lastStatus: 'RUNNING',
      runtimeId: `${id}-2`,
      managedAgents: [{ name: 'ExecuteCommandAgent', lastStatus: 'RUNNING' }],
      ...web,
    },
  ],
  ...more,
})

/** An account with one service, which answers as ECS and Systems Manager do; moto has no sessions. */
export class Account {
  service: Json = { enableExecuteCommand: true }
  tasks: Json[] = [task(ID, 10)]
  refuse: Record<string, Refused> = {}
  readonly sent: Sent[] = []

  of(op: string): Json[] {
    return this.sent.filter((s) => s.op === op).map((s) => s.input)
  }

  answer(op: string, input: Json): Json | Refused {
    this.sent.push({ op, input })
    const refused = this.refuse[op]
    if (refused) return refused
    switch (op) {
      case 'DescribeServices': {
        const deployment = { id: 'ecs-svc/1', status: 'PRIMARY', rolloutState: 'COMPLETED', taskDefinition: REVISION }
        const said = { serviceName: 'web', status: 'ACTIVE', desiredCount: this.tasks.length, taskDefinition: REVISION }
        return { services: [{ ...said, deployments: [deployment], ...this.service }] }
      }
      case 'DescribeTaskDefinition': {
        const [router, web] = ['router', 'web'].map((name) => ({ name, essential: name === 'web', image: name }))
        const roles = { taskRoleArn: 'arn:aws:iam::111122223333:role/shop-task' }
        return {
          taskDefinition: { taskDefinitionArn: REVISION, family: 'shop-dev-web', containerDefinitions: [router, web], ...roles },
        }
      }
      case 'ListTasks':
        return { taskArns: this.tasks.map((t) => t.taskArn) }
      case 'DescribeTasks':
        return { tasks: this.tasks }
      case 'ExecuteCommand': {
        const streamUrl = 'wss://ssmmessages.us-east-1.amazonaws.com/v1/data-channel/x'
        return { session: { sessionId: 'ecs-execute-command-1', tokenValue: 'token-AAEAAd', streamUrl } }
      }
      case 'TerminateSession':
        return {}
      default:
        return { error: 'AccessDeniedException', message: `not played: ${op}` }
    }
  }
}

export interface House {
  readonly p: Place
  readonly account: Account
  /** What the plugin has noted of itself: its call, and the signals it got. */
  plugin(): Promise<Json[]>
  close(): Promise<void>
}

/** A folder in which the command runs, with that account behind it and the stand-in of the plugin on the path. */
export const house = async (): Promise<House> => {
  const account = new Account()
  const server = createServer(async (question, answer) => {
    answer.setHeader('x-amzn-requestid', '1')
    const parts: Buffer[] = []
    for await (const part of question) parts.push(part as Buffer)
    const body = Buffer.concat(parts).toString()
    if (/GetCallerIdentity/.test(body)) {
      const who = '<Arn>arn:aws:iam::111122223333:user/me</Arn><Account>111122223333</Account><UserId>u</UserId>'
      const result = `<GetCallerIdentityResult>${who}</GetCallerIdentityResult>`
      answer.writeHead(200, { 'content-type': 'text/xml' })
      answer.end(
        `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${result}</GetCallerIdentityResponse>`,
      )
      return
    }
    const op =
      String(question.headers['x-amz-target'] ?? 'query')
        .split('.')
        .at(-1) ?? ''
    const said = account.answer(op, op === 'query' ? {} : (JSON.parse(body || '{}') as Json))
    const refused = 'error' in said && typeof said.error === 'string'
    const content = refused ? { __type: said.error, message: said.message } : said
    answer.writeHead(refused ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(content))
  })
  await new Promise<void>((r) => server.listen(0, '127.0.0.1', r))
  const p = await place({
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  })
  const folder = join(p.dir, 'plugin')
  const record = join(folder, 'record')
  await mkdir(folder)
  await writeFile(join(folder, 'session-manager-plugin'), `#!/bin/sh\nexec '${process.execPath}' '${PLUGIN}' "$@"\n`)
  await chmod(join(folder, 'session-manager-plugin'), 0o755)
  Object.assign(p.env, { PATH: `${folder}:${p.env.PATH}`, STAND_IN_RECORD: record })
  return {
    p,
    account,
    plugin: async () => {
      const text = await readFile(record, 'utf8').catch(() => '')
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Json)
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((r) => server.close(r))
      await p.remove()
    },
  }
}
