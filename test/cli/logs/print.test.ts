import { EventEmitter } from 'node:events'
import pc from 'picocolors'
import { describe, expect, it } from 'vitest'
import type { TaskDefinition } from '../../../src/aws/services/ecs-types.ts'
import { readLogs } from '../../../src/commands/service/logs.ts'
import { printer } from '../../../src/commands/service/logs-print.ts'
import type { Runnable } from '../../../src/commands/service/run/place.ts'
import type { ServicePlace } from '../../../src/session/service.ts'
import type { Io } from '../../../src/ui/io.ts'
import { account, deployment, quickClock, service } from '../../ecs/support.ts'
import { SIDE, WEB } from './streams.ts'

const heard = (json = false) => {
  const said: string[] = []
  const notes: string[] = []
  const io: Io = {
    json,
    verbose: false,
    interactive: false,
    live: false,
    c: pc.createColors(false),
    say: (text = '') => said.push(text),
    log: (text = '') => said.push(text),
    data: () => undefined,
    event: (value) => said.push(JSON.stringify(value)),
    note: (text) => notes.push(text),
  }
  return { io, said, notes }
}
const out = (isTTY: boolean) => Object.assign(new EventEmitter(), { isTTY }) as unknown as NodeJS.WriteStream
const event = (message: string, container = 'web') => ({
  id: 'x',
  at: 0,
  message,
  stream: 's',
  task: 'abcdef0123456789',
  container,
})

describe('how events are written', () => {
  it('the container only where there are several, also when one joins', () => {
    const h = heard()
    const p = printer(h.io, [WEB], out(false))
    p.event(event('one'))
    p.expect([WEB, SIDE])
    p.event(event('two', 'side'))
    expect(h.said).toEqual(['1970-01-01T00:00:00.000Z abcdef01 one', '1970-01-01T00:00:00.000Z abcdef01 side two'])
    expect(p.count).toBe(2)
  })

  it('every line of one event with time and task; empty lines stay lines', () => {
    const h = heard()
    printer(h.io, [WEB], out(false)).event(event('a\n\nb\n'))
    expect(h.said.map((s) => s.slice(34))).toEqual(['a', '', 'b'])
  })

  it('raw into a pipe, safe on a terminal', () => {
    const [pipe, tty] = [heard(), heard()]
    printer(pipe.io, [WEB], out(false)).event(event('a\u001b[2Jb'))
    printer(tty.io, [WEB], out(true)).event(event('a\u001b[2Jb'))
    expect(pipe.said[0]).toContain('a\u001b[2Jb')
    expect(tty.said[0]).toMatch(/ ab$/)
  })

  it('a pipe that is closed, and no other trouble, says stop', () => {
    const stream = out(false)
    const p = printer(heard().io, [WEB], stream)
    stream.on('error', () => undefined)
    stream.emit('error', Object.assign(new Error('x'), { code: 'ENOSPC' }))
    expect(p.closed.aborted).toBe(false)
    stream.emit('error', Object.assign(new Error('x'), { code: 'EPIPE' }))
    expect(p.closed.aborted).toBe(true)
    p.end()
    expect(stream.listenerCount('error')).toBe(1)
  })
})

describe('the log of a service in the middle of a rollout', () => {
  const definition = (revision: number, group: string, more: object[] = []): TaskDefinition => ({
    taskDefinitionArn: `arn:td/web:${revision}`,
    containerDefinitions: [
      {
        name: 'web',
        logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': group, 'awslogs-stream-prefix': 'web' } },
      },
      ...more,
    ],
  })

  it('is that of all revisions that run; whose log is elsewhere is said', async () => {
    const h = heard()
    const old = definition(1, '/ecs/old')
    const aws = account({
      DescribeTaskDefinition: { taskDefinition: old },
      FilterLogEvents: ({ logGroupName }: { logGroupName: string }) => ({
        events: [{ eventId: logGroupName, timestamp: 5, message: logGroupName, logStreamName: 'web/web/abcdef0123456789' }],
      }),
    })
    const now = definition(2, '/ecs/new', [{ name: 'router', logConfiguration: { logDriver: 'awsfirelens' } }])
    const found = {
      cluster: 'shop',
      name: 'web',
      definition: now,
      service: {
        ...service([
          { ...deployment('web:2'), taskDefinition: 'arn:td/web:2' },
          { ...deployment('web:1'), status: 'ACTIVE', taskDefinition: 'arn:td/web:1' },
        ]),
        taskDefinition: 'arn:td/web:2',
      },
    }
    const p = {
      io: h.io,
      aws,
      region: 'us-east-1',
      named: { key: 'web', cluster: 'shop', name: 'web' },
    } as unknown as ServicePlace
    const r: Runnable = { p, find: async () => ({ definition: now, found }) }
    expect(await readLogs(r, {}, 0, quickClock())).toBe(0)
    expect(h.said.map((s) => s.slice(34)).sort()).toEqual(['/ecs/new', '/ecs/old'])
    expect(h.notes).toEqual([
      'Without router: its log goes through FireLens to where its router sends it, which is not read here.',
    ])
    expect(aws.sent.filter(([op]) => op === 'DescribeTaskDefinition').map(([, i]) => i)).toEqual([
      { taskDefinition: 'arn:td/web:1', include: ['TAGS'] },
    ])
  })
})
