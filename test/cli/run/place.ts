import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as LOGS from '@aws-sdk/client-cloudwatch-logs'
import * as ECS from '@aws-sdk/client-ecs'
import { type Account, clientConfig, freshAccount } from '../../support/account.ts'
import { type Place, place } from '../../support/cli.ts'
import { type FaultProxy, startProxy } from '../../support/proxy.ts'

const CONFIG = `project: shop
environment: dev
region: us-east-1
steps: [vpc, security-groups, secrets, ecs]
securityGroups: { bastionCidr: none }
vpc: { nat: none }
tags: { team: blue }
ecs:
  services:
    web: { image: "nginx:1.26", subnets: public, environment: { LOG_LEVEL: info }, secrets: { DB_USER: "database:username" } }
  tasks:
    migrate: { image: "nginx:crash", subnets: public, command: [python, manage.py, migrate] }
    patient: { image: "public.ecr.aws/docker/library/postgres:18", subnets: public }
    shut: { image: "nginx:crash", subnets: public }
    lost: { image: "nginx:1.26", subnets: public }
`

/** A stack with a service and tasks, a folder without a config, and the account that both are in. */
export interface Yard {
  readonly p: Place
  readonly outside: Place
  readonly proxy: FaultProxy
  readonly account: Account
  readonly ecs: ECS.ECSClient
  readonly logs: LOGS.CloudWatchLogsClient
  close(): Promise<void>
}

export const yard = async (url: string): Promise<Yard> => {
  const account = await freshAccount(url)
  const proxy = await startProxy(url)
  const env = { ...account.env, AWS_ENDPOINT_URL: proxy.url }
  const p = await place(env)
  const outside = await place(env)
  await writeFile(join(p.dir, 'infra.yaml'), CONFIG)
  const made = await p.run('create', '--yes')
  if (made.code !== 0) throw new Error(made.all)
  proxy.clear()
  const client = clientConfig(account)
  const ecs = new ECS.ECSClient(client)
  const logs = new LOGS.CloudWatchLogsClient(client)
  const close = async (): Promise<void> => {
    ecs.destroy()
    logs.destroy()
    await proxy.close()
    await Promise.all([p.remove(), outside.remove()])
  }
  return { p, outside, proxy, account, ecs, logs, close }
}

/** Lines of a container, in its own stream. */
export const wrote = async (
  y: Yard,
  logStreamName: string,
  lines: readonly (readonly [at: number, message: string])[],
): Promise<void> => {
  const logGroupName = '/ecs/shop-dev-web'
  await y.logs.send(new LOGS.CreateLogStreamCommand({ logGroupName, logStreamName })).catch(() => undefined)
  const logEvents = lines.map(([timestamp, message]) => ({ timestamp, message }))
  await y.logs.send(new LOGS.PutLogEventsCommand({ logGroupName, logStreamName, logEvents }))
}

/** What RunTask was told, of commands with this word in it. */
export const started = (y: Yard, word: string): Record<string, unknown>[] =>
  y.proxy.log.filter((c) => c.op === 'ecs.RunTask' && c.body.includes(word)).map((c) => JSON.parse(c.body))

/** `{...}` a line. */
export const events = (stdout: string): Record<string, unknown>[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
