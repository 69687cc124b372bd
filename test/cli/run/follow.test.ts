import { describe, expect, it } from 'vitest'
import { awsError } from '../../ecs/support.ts'
import { ARN, ended, type Line, play, running } from './stage.ts'

const provisioning = { task: { lastStatus: 'PROVISIONING' } }
const lost = Object.assign(new Error('socket hang up'), { name: 'TimeoutError' })
const statuses = (p: Awaited<ReturnType<typeof play>>): string[] => p.news.flatMap((n) => (n.type === 'task' ? [n.status] : []))
const notes = (p: Awaited<ReturnType<typeof play>>): string[] => p.news.flatMap((n) => (n.type === 'note' ? [n.text] : []))

describe('a one-off task that is followed', () => {
  it('tells each state once and each line once, and gives the exit code', async () => {
    const lines: Line[] = [
      [0, 'one'],
      [1500, 'two'],
      [2000, 'three'],
    ]
    const p = await play([provisioning, provisioning, running, running, running, ended(3)], lines)
    expect(statuses(p)).toEqual(['PROVISIONING', 'RUNNING', 'STOPPED'])
    expect(p.logged).toEqual(['one', 'two', 'three'])
    expect(p.end).toMatchObject({ exitCode: 3, lines: ['one', 'two', 'three'], told: false })
  })

  it('waits for the last lines after its end, and for those behind them', async () => {
    const p = await play(
      [running, ended(0)],
      [
        [0, 'first'],
        [5500, 'late'],
        [9000, 'latest'],
      ],
    )
    expect(p.logged).toEqual(['first', 'late', 'latest'])
    expect(p.elapsed).toBeLessThan(20_000)
  })

  it('does not wait for its network to be taken down', async () => {
    const gone = { task: { ...ended(0).task, lastStatus: 'DEPROVISIONING' } }
    const p = await play([running, gone], [])
    expect(p.end.exitCode).toBe(0)
    expect(statuses(p)).toEqual(['RUNNING', 'DEPROVISIONING'])
  })

  it('the end of a container beside it is not its own', async () => {
    const beside = {
      task: {
        lastStatus: 'RUNNING',
        startedAt: new Date(1),
        containers: [
          { name: 'side', lastStatus: 'STOPPED', exitCode: 9 },
          { name: 'web', lastStatus: 'RUNNING' },
        ],
      },
    }
    const p = await play([beside, beside, beside, ended(0)], [])
    expect(p.end.exitCode).toBe(0)
  })

  it('one that never began has no exit code, and little is waited for', async () => {
    const p = await play(
      [provisioning, ended(undefined, { stopCode: 'TaskFailedToStart', stoppedReason: 'CannotPullContainerError: x' })],
      [],
    )
    expect(p.end.exitCode).toBeUndefined()
    expect(p.end.task?.stoppedReason).toContain('CannotPull')
    expect(p.elapsed).toBeLessThan(5000)
  })

  it('is not visible at once, and later forgotten', async () => {
    const p = await play([{}, {}, running, ended(0)], [])
    expect(p.end.exitCode).toBe(0)
    const never = await play([{}], [])
    expect(never.end.task).toBeUndefined()
    const forgotten = await play([running, {}], [])
    expect(forgotten.end).toMatchObject({ task: undefined, exitCode: undefined })
  })

  it('a network that is away, throttling and a log that is not there yet end nothing and lose nothing', async () => {
    const missing = awsError('ResourceNotFoundException')
    const throttled = awsError('ThrottlingException')
    const looks = [{ error: lost }, { error: throttled }, running, running, running, ended(0)]
    const p = await play(
      looks,
      [
        [0, 'a'],
        [0, 'b'],
      ],
      { logErrors: [missing, lost, undefined, throttled] },
    )
    expect(p.logged).toEqual(['a', 'b'])
    expect(p.end.exitCode).toBe(0)
    expect(notes(p)).toEqual(['AWS does not answer; asked again', 'AWS asks for fewer calls a second; asked again'])
  })

  it('a log that cannot be read just after the end is waited for', async () => {
    const throttled = awsError('ThrottlingException')
    const p = await play([ended(0)], [[0, 'last']], { logErrors: Array.from({ length: 9 }, () => throttled) })
    expect(p.logged).toEqual(['last'])
  })

  it('a log that never ends is left some time after the end', async () => {
    const lines = Array.from({ length: 400 }, (_, n): Line => [n * 1000, String(n)])
    const p = await play([ended(0)], lines)
    expect(p.elapsed).toBeGreaterThan(50_000)
    expect(p.elapsed).toBeLessThan(90_000)
    expect(notes(p)).toEqual(['The log still moves; more of it may come'])
    expect(p.end.lines.length).toBeLessThanOrEqual(60)
  })

  it('goes on without the log where it may not be read, and says so once', async () => {
    const denied = awsError('AccessDeniedException')
    const p = await play([running, running, running, ended(0)], [[0, 'x']], { logErrors: [denied, denied, denied] })
    expect(p.end.exitCode).toBe(0)
    expect(p.logged).toEqual([])
    expect(notes(p)).toHaveLength(1)
    expect(notes(p)[0]).toContain('logs:GetLogEvents')
  })

  it('keys that have expired end the following', async () => {
    await expect(play([running, { error: awsError('ExpiredTokenException') }], [])).rejects.toThrow('Expired')
  })
})

describe('Ctrl-C', () => {
  const told = (p: Awaited<ReturnType<typeof play>>) => p.sent.filter(([op]) => op === 'StopTask')

  it('stops the task once, waits for its end, and hears its last words', async () => {
    const p = await play(
      [running, running, running, ended(143)],
      [
        [0, 'a'],
        [2500, 'bye'],
      ],
      { stopAt: 2 },
    )
    expect(told(p)).toEqual([['StopTask', { cluster: 'shop', task: ARN, reason: 'test' }]])
    expect(p.logged).toEqual(['a', 'bye'])
    expect(p.end).toMatchObject({ told: true, exitCode: 143 })
    expect(p.sent.filter(([op]) => op === 'DescribeTasks').length).toBeLessThan(20)
  })

  it('a task that ECS does not know yet is told again', async () => {
    let n = 0
    const stop = (): object => {
      if (++n < 3) throw awsError('InvalidParameterException', 'The referenced task was not found.')
      return {}
    }
    const p = await play([{}, {}, {}, {}, ended(undefined)], [], { stopAt: 1, stop })
    expect(told(p)).toHaveLength(3)
    expect(p.end.told).toBe(true)
  })

  it('where it may not be stopped, that is said and it is followed on', async () => {
    const stop = (): never => {
      throw awsError('AccessDeniedException', 'no ecs:StopTask')
    }
    const p = await play([running, running, running, ended(0)], [], { stopAt: 1, stop })
    expect(told(p)).toHaveLength(1)
    expect(notes(p)).toEqual(['The task could not be told to stop (no ecs:StopTask); it is followed until it ends'])
    expect(p.end.exitCode).toBe(0)
  })
})
