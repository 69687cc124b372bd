import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Server } from '../../../src/aws/sql.ts'
import { credentialsFrom } from '../../../src/database/credentials.ts'
import type { Channel } from '../../../src/database/job.ts'
import type { WayIn } from '../../../src/database/open.ts'
import { postgres } from '../../../src/database/postgres.ts'
import { type TaskWayOptions, taskWay } from '../../../src/database/task.ts'
import { failure, Secrets } from '../support.ts'
import { Containers, type Fate, fastClock, PLACE } from './containers.ts'

/** Answers each statement of a script with its own number of letters, and knows no server. */
const PSQL = `#!/bin/sh
while [ $# -gt 1 ]; do [ "$1" = -f ] && file=$2; shift; done
sed -n "s/^.echo '\\(@[0-9a-f]*\\)' \\([a-z]*\\)$/\\1 \\2/p" "\${file:-$1}" | sed 's/ statement$/&\\nanswer\\nfine/'
`
const server: Server = { id: 'shop-db', engine: 'postgres', host: 'db.example', port: 5432, secret: 'master' }
const STATEMENT = { database: 'postgres', statements: ['SELECT 1 AS answer'] }

describe('a container', () => {
  let bin: string
  let containers: Containers
  let way: WayIn
  let said: string[]
  let order: string[]
  let stop: AbortController
  let tokens: number

  beforeAll(async () => {
    bin = await mkdtemp(join(tmpdir(), 'infra-psql-'))
    await writeFile(join(bin, 'psql'), PSQL)
    await chmod(join(bin, 'psql'), 0o755)
  })
  afterAll(() => rm(bin, { recursive: true }))
  beforeEach(() => {
    said = []
    order = []
    tokens = 0
    stop = new AbortController()
  })

  const open = async (fates: Fate[], more: Partial<TaskWayOptions> = {}): Promise<Channel> => {
    const secrets = new Secrets()
    containers = new Containers(undefined, secrets, bin)
    containers.fates = fates
    way = taskWay({
      aws: containers.aws,
      place: async () => {
        order.push('place')
        return PLACE
      },
      gone: async () => {
        order.push(`gone ${containers.started.every((c) => c.stopped)}`)
      },
      token: () => `token-${++tokens}`,
      passwords: () => [],
      report: (line) => said.push(line),
      clock: fastClock(100),
      signal: stop.signal,
      ...more,
    })
    const channel = await way.channel?.(server, credentialsFrom(secrets.aws), postgres)
    if (!channel) throw new Error('no channel')
    return channel
  }
  const count = (operation: string): number => containers.calls.filter((c) => c === operation).length

  it('is started, followed and read, and its place is removed once it has stopped', async () => {
    const channel = await open([])
    expect(await channel.run(STATEMENT)).toBe('fine')
    expect(order).toEqual(['place'])
    await way.close()
    expect(order).toEqual(['place', 'gone true'])
    expect(said.slice(0, 3)).toEqual([
      expect.stringContaining('its log: /ecs/shop-sql'),
      'Container: gets its network',
      'Container: the image is being fetched',
    ])
    expect(containers.started[0]?.input).toMatchObject({
      cluster: 'shop-sql',
      taskDefinition: PLACE.taskDefinition,
      launchType: 'FARGATE',
      count: 1,
      startedBy: 'infra',
      networkConfiguration: {
        awsvpcConfiguration: { subnets: PLACE.subnets, securityGroups: ['sg-1'], assignPublicIp: 'ENABLED' },
      },
    })
  })

  it('has answered before ECS calls it stopped', async () => {
    const fate = { lingers: 1000 }
    const channel = await open([fate])
    expect(await channel.run(STATEMENT)).toBe('fine')
    expect(containers.started[0]?.stopped).toBe(false)
    fate.lingers = 3
    await way.close()
    expect(order).toEqual(['place', 'gone true'])
  })

  it('is waited for when its log comes late', async () => {
    const channel = await open([{ lag: 4 }])
    expect(await channel.run(STATEMENT)).toBe('fine')
  })

  it('is started once when the answer to the start is lost', async () => {
    const lost = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
    const channel = await open([{ lost }])
    expect(await channel.run(STATEMENT)).toBe('fine')
    expect([containers.started.length, count('RunTask'), tokens]).toEqual([1, 2, 1])
  })

  it('is started again when its role is too new', async () => {
    const unable = Object.assign(new Error('ECS was unable to assume the role that was provided for this task.'), {
      name: 'ClientException',
    })
    const secret =
      'ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: User: x is not authorized to perform: secretsmanager:GetSecretValue'
    const channel = await open([{ refused: unable }, { noStart: [secret] }])
    expect(await channel.run(STATEMENT)).toBe('fine')
    expect(tokens).toBe(2)
    const barred = await open(Array.from({ length: 9 }, () => ({ noStart: [secret] as const })))
    expect((await failure(barred.run(STATEMENT))).what).toBe(
      'The container did not start: the execution role may not read the secret',
    )
    expect(containers.started.length).toBe(5)
  })

  it.each([
    [
      { failure: { reason: 'Capacity is unavailable at this time. Please try again later or in a different availability zone' } },
      'no room for the task in these zones',
    ],
    [{ failure: { reason: 'RESOURCE:ENI' } }, 'There is no network interface left'],
    [{ failure: { reason: 'MISSING', detail: 'x' } }, 'no machine that can run the task'],
    [
      {
        noStart: [
          'CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref: dial tcp 1.2.3.4:443: i/o timeout',
        ],
      },
      'no way from the subnet to the registry',
    ],
    [
      { noStart: ['Task failed to start', 'CannotPullContainerError: manifest unknown: not found'] },
      'the image is not in the registry',
    ],
    [
      {
        noStart: [
          'ResourceInitializationError: unable to pull secrets or registry auth: RequestCanceled: request context canceled caused by: context deadline exceeded',
        ],
      },
      'no way from the subnet to the registry or to Secrets Manager',
    ],
    [
      { noStart: ['ResourceInitializationError: retrieved secret from Secrets Manager did not contain json key password'] },
      'the secret has no key password',
    ],
    [
      { noStart: ['ResourceInitializationError: failed to validate logger args: The specified log group does not exist'] },
      'the log group of the task definition is missing',
    ],
    [{ command: ['sh', '-c', 'echo no psql here; exit 127'] }, 'The container ended with the code 127'],
    [{ command: ['sh', '-c', 'kill -KILL $$'] }, 'ended with the code 137'],
    [{ command: ['true'] }, 'its log is not complete'],
  ] as [Fate, string][])('that fails says why: %j', async (fate, words) => {
    const channel = await open([fate])
    const error = await failure(channel.run(STATEMENT))
    expect(error.what).toContain(words)
    expect(error.next).toBeTruthy()
    if (fate.failure) expect(error.why).toContain(fate.failure.reason)
    if (fate.command?.[2]?.startsWith('echo')) expect(error.why).toContain('no psql here')
    await way.close()
    expect(order).toEqual(['place', 'gone true'])
    expect(await (await open([])).run(STATEMENT)).toBe('fine')
  })

  it('names the way out that its subnet needs', async () => {
    const fate: Fate = { noStart: ['CannotPullContainerError: dial tcp: i/o timeout'] }
    const place = async () => ({ ...PLACE, publicAddress: false })
    const without = await failure((await open([fate], { place })).run(STATEMENT))
    expect(without.why).toContain('no NAT gateway')
    const open1 = await failure((await open([fate])).run(STATEMENT))
    expect(open1.why).toContain('no route to the internet')
  })

  it('is told to stop when the run is interrupted, and is not waited for then', async () => {
    const channel = await open([{ endless: true }])
    const work = failure(channel.run(STATEMENT))
    while (count('DescribeTasks') < 4) await wait(5)
    stop.abort()
    expect((await work).name).toBe('Error')
    expect(await work).toMatchObject({ exitCode: 130 })
    expect(count('StopTask')).toBe(1)
    expect(await failure(channel.run(STATEMENT))).toMatchObject({ exitCode: 130 })
    await way.close()
    expect([containers.started.length, order]).toEqual([1, ['place', 'gone false']])
  })

  it('is given up after ten minutes', async () => {
    const channel = await open([{ endless: true }], { clock: fastClock(Number.POSITIVE_INFINITY) })
    const error = await failure(channel.run(STATEMENT))
    expect(error.what).toBe('The container is still "RUNNING" after 10 minutes')
    expect(count('StopTask')).toBe(1)
    expect(count('DescribeTasks')).toBeLessThan(250)
  })

  it('is not started when its place cannot be made, and what is there of that goes too', async () => {
    const place = async (): Promise<never> => {
      order.push('place')
      throw new Error('no cluster')
    }
    const channel = await open([], { place })
    const errors = await Promise.all([failure(channel.run(STATEMENT)), failure(channel.run(STATEMENT))])
    expect(errors.map((e) => e.message)).toEqual(['no cluster', 'no cluster'])
    await way.close()
    expect(order).toEqual(['place', 'gone true'])
  })

  it('is not asked for when the run has been interrupted before', async () => {
    const channel = await open([])
    stop.abort()
    expect(await failure(channel.run(STATEMENT))).toMatchObject({ exitCode: 130 })
    await way.close()
    expect([order, containers.calls]).toEqual([[], []])
  })

  it('has a log of several pages, and one place for all runs', async () => {
    const channel = await open([])
    for (let n = 0; n < 2; n++)
      expect(await Promise.all([1, 2, 3, 4].map(() => channel.run(STATEMENT)))).toEqual(Array(4).fill('fine'))
    expect([containers.started.length, order]).toEqual([2, ['place']])
    expect(containers.started[0]?.lines.length).toBeGreaterThan(7)
  })

  it('leads to one server', async () => {
    await open([])
    const other = Promise.resolve(way.channel?.({ ...server, id: 'another' }, credentialsFrom(new Secrets().aws), postgres))
    expect((await failure(other)).message).toBe('this way leads to shop-db, not to another')
  })

  it('is not asked for before something is to do', async () => {
    await open([])
    await way.close()
    expect([order, containers.calls]).toEqual([[], []])
  })

  it('survives a network that is away for a moment', async () => {
    const plain: (operation: string, input: object) => Promise<unknown> = async (operation, input) =>
      (containers.aws.ecs as unknown as typeof plain)(operation, input)
    let away = 3
    const ecs: typeof plain = async (operation, input) => {
      if (operation === 'DescribeTasks' && away-- > 0) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
      return plain(operation, input)
    }
    const logs: typeof plain = async (operation, input) => (containers.aws.logs as unknown as typeof plain)(operation, input)
    const channel = await open([], { aws: { ecs, logs } as unknown as TaskWayOptions['aws'] })
    expect(await channel.run(STATEMENT)).toBe('fine')
    expect(away).toBeLessThan(0)
  })
})
