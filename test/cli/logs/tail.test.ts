import { describe, expect, it } from 'vitest'
import { awsError } from '../../ecs/support.ts'
import { BEGIN, SIDE, Streams, WEB } from './streams.ts'

const lost = (): Error => Object.assign(new Error('socket hang up'), { name: 'TimeoutError' })

describe('a log that is read once', () => {
  it('all tasks and containers in one, oldest first, over many pages, also empty ones', async () => {
    const s = new Streams()
    s.write('web/web/aaa', -50, 'a1')
    s.write('web/web/bbb', -49, 'b1')
    s.write('web/side/aaa', -48.5, 's1')
    for (const [n, at] of [-40, -30, -20, -10].entries()) s.write('web/web/aaa', at, `a${n + 2}`)
    s.write('web/side/bbb', -25, 's2')
    s.write('web/other/x', -20, 'another container')
    s.write('web/web/aaa', -700, 'too old')
    await s.tail()
    expect(s.messages).toEqual(['a1', 'b1', 's1', 'a2', 'a3', 's2', 'a4', 'a5'])
    expect(s.heard[1]).toEqual({
      id: 'e2',
      at: BEGIN - 49_000,
      message: 'b1',
      stream: 'web/web/bbb',
      task: 'bbb',
      container: 'web',
    })
    expect(s.heard[2]).toMatchObject({ task: 'aaa', container: 'side' })
    expect(s.asked.filter((a) => a.nextToken).length).toBeGreaterThan(3)
  })

  it('asks for the pattern, and for one task by the beginning of its id', async () => {
    const s = new Streams()
    s.write('web/web/aab', -5, 'x')
    s.write('web/web/abb', -5, 'y')
    await s.tail({ filter: '"GET /x"', task: 'aa', places: async () => [WEB] })
    expect(s.asked).toEqual([
      { logGroupName: '/ecs/shop', logStreamNamePrefix: 'web/web/aa', startTime: BEGIN - 600_000, filterPattern: '"GET /x"' },
    ])
    expect(s.heard.map((e) => e.task)).toEqual(['aab'])
  })

  it('asks in whole milliseconds, whatever the clock tells', async () => {
    const s = new Streams()
    await s.tail({ since: BEGIN - 600_000.25, places: async () => [WEB] })
    expect(s.asked.map((a) => a.startTime)).toEqual([BEGIN - 600_001])
  })

  it('streams without a prefix are all of the group', async () => {
    const s = new Streams()
    s.write('0123abcd', -5, 'x')
    await s.tail({ places: async () => [{ group: '/ecs/shop', container: 'web', streams: undefined }] })
    expect(s.asked[0]).not.toHaveProperty('logStreamNamePrefix')
    expect(s.heard[0]).toMatchObject({ task: '0123abcd' })
  })

  it('a group that is not there is told, the others are read', async () => {
    const s = new Streams()
    s.write('web/web/aaa', -5, 'x')
    await s.tail({ places: async () => [{ ...SIDE, group: '/ecs/none' }, WEB] })
    expect(s.missing).toEqual(['/ecs/none'])
    expect(s.messages).toEqual(['x'])
  })

  it('explains a pattern that AWS does not take, and asks for it once', async () => {
    const s = new Streams()
    s.errors.set(0, awsError('InvalidParameterException', 'Invalid filter pattern'))
    const failed = await s.tail({ filter: '[ERROR', places: async () => [WEB] }).catch((e: unknown) => e)
    expect(failed).toMatchObject({
      what: 'CloudWatch Logs does not take the filter pattern [ERROR',
      why: 'Invalid filter pattern',
      exitCode: 2,
      next: expect.stringContaining('double quotes'),
    })
    expect(s.asked).toHaveLength(1)
  })

  it('without a pattern the same error is another one', async () => {
    const s = new Streams()
    s.errors.set(0, awsError('InvalidParameterException', 'start time'))
    await expect(s.tail({ places: async () => [WEB] })).rejects.toThrow('start time')
  })

  it('throttling in the middle costs no event, and none comes twice', async () => {
    const s = new Streams()
    for (const at of [-9, -8, -7, -6]) s.write('web/web/aaa', at, String(at))
    s.errors.set(1, awsError('ThrottlingException', 'Rate exceeded'))
    s.errors.set(2, lost())
    await s.tail({ places: async () => [WEB] }, 99)
    expect(s.messages).toEqual(['-9', '-8', '-7', '-6'])
    expect(s.notes).toEqual(['AWS asks for fewer calls a second', 'AWS does not answer'])
  })

  it('gives up after some tries', async () => {
    const s = new Streams()
    for (let n = 0; n < 9; n++) s.errors.set(n, awsError('ThrottlingException', 'Rate exceeded'))
    await expect(s.tail({ places: async () => [WEB] }, 99)).rejects.toThrow('Rate exceeded')
    expect(s.asked).toHaveLength(5)
  })

  it('another error ends it at once', async () => {
    const s = new Streams()
    s.errors.set(0, awsError('AccessDeniedException', 'no'))
    await expect(s.tail({ places: async () => [WEB] })).rejects.toThrow('no')
  })

  it('a reader that has left ends it', async () => {
    const s = new Streams()
    const gone = new AbortController()
    for (const at of [-9, -8, -7, -6, -5]) s.write('web/web/aaa', at, String(at))
    await s.tail({
      signal: gone.signal,
      places: async () => [WEB],
      hear: (e) => {
        s.heard.push(e)
        if (e.message === '-8') gone.abort()
      },
    })
    expect(s.messages).toEqual(['-9', '-8'])
  })
})

describe('a log that is followed', () => {
  const follow = { follow: true, patient: true }

  it('each event once: what was there, what comes, what comes late', async () => {
    const s = new Streams()
    s.write('web/web/aaa', -1, 'there')
    s.write('web/web/aaa', 3, 'comes')
    s.write('web/web/bbb', 2, 'late', 12)
    s.write('web/side/aaa', 5, 'side')
    let caught = ''
    const caughtUp = (): void => {
      caught = s.messages.join()
    }
    await s.tail({ ...follow, caughtUp }, 20)
    expect(caught).toBe('there')
    expect(s.messages).toEqual(['there', 'comes', 'side', 'late'])
  })

  it('does not search everything again and again', async () => {
    const s = new Streams()
    for (let at = -500; at < 60; at += 5) s.write('web/web/aaa', at, String(at))
    s.page = 1000
    await s.tail({ ...follow, places: async () => [WEB] }, 10)
    expect(s.asked).toHaveLength(10)
    const last = s.asked.at(-1)?.startTime ?? 0
    expect(last).toBeGreaterThan(BEGIN - 60_000)
    // And where nothing comes, it moves on too.
    const quiet = new Streams()
    await quiet.tail({ ...follow, since: BEGIN - 86_400_000, places: async () => [WEB] }, 10)
    expect(quiet.asked[0]?.startTime).toBe(BEGIN - 86_400_000)
    expect(quiet.asked.at(-1)?.startTime).toBeGreaterThan(BEGIN - 400_000)
  })

  it('a container whose clock is ahead does not hide the others', async () => {
    const s = new Streams()
    s.write('web/web/aaa', 3600, 'ahead', -3600)
    s.write('web/web/bbb', 10, 'now')
    await s.tail({ ...follow, places: async () => [WEB] }, 10)
    expect(s.messages).toEqual(['ahead', 'now'])
  })

  it('tasks of a new revision that writes elsewhere join by themselves', async () => {
    const s = new Streams()
    s.groups = ['/ecs/shop', '/ecs/new']
    s.write('web/web/aaa', 1, 'old')
    s.write('v2/web/ccc', 40, 'new')
    let looks = 0
    const places = async () => {
      if (++looks === 2) throw new Error('a look that fails')
      return looks < 3 ? [WEB] : [WEB, { group: '/ecs/new', container: 'web', streams: 'v2/web/' }]
    }
    await s.tail({ ...follow, places }, 60)
    expect(s.messages).toEqual(['old', 'new'])
    expect(looks).toBeGreaterThan(2)
  })

  it('a group that comes later', async () => {
    const s = new Streams()
    s.groups = []
    s.write('web/web/aaa', 5, 'first')
    const missing = (): void => {
      if (s.asked.length > 3) s.groups = ['/ecs/shop']
    }
    await s.tail({ ...follow, places: async () => [WEB], missing }, 12)
    expect(s.messages).toEqual(['first'])
  })

  it('throttling for minutes is lived through, and slows it down', async () => {
    const s = new Streams()
    s.write('web/web/aaa', 1, 'x')
    for (let n = 1; n < 36; n++) s.errors.set(n, awsError('ThrottlingException', 'Rate exceeded'))
    await s.tail({ ...follow, places: async () => [WEB] }, 50)
    expect(s.messages).toEqual(['x'])
    expect(Math.max(...s.clock.slept)).toBe(30_000)
    const after = s.clock.slept[36] ?? 0
    expect(after).toBeGreaterThan(2000)
    expect(s.clock.slept.at(-1)).toBeLessThan(after)
  })

  it('keys that have expired end it', async () => {
    const s = new Streams()
    s.errors.set(2, awsError('ExpiredTokenException', 'expired'))
    await expect(s.tail({ ...follow, places: async () => [WEB] }, 9)).rejects.toThrow('expired')
  })

  it('many events at one instant: each once', async () => {
    const s = new Streams()
    s.page = 7
    for (let n = 0; n < 500; n++) s.write(`web/web/${n % 3}`, 1 + (n % 5), `m${n}`, n % 9)
    await s.tail({ ...follow, places: async () => [WEB] }, 20)
    expect(new Set(s.messages).size).toBe(500)
    expect(s.messages).toHaveLength(500)
  })
})
