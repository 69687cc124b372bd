import { describe, expect, it } from 'vitest'
import { InfraError } from '../../src/core/errors.ts'
import { safeText } from '../../src/core/safe.ts'
import { logPlaces, streamOf } from '../../src/ecs/logs/log.ts'
import { sinceOf } from '../../src/ecs/logs/since.ts'

const NOW = Date.parse('2026-11-22T10:00:00Z')

describe('--since', () => {
  it.each([
    ['30s', 30_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1w', 604_800_000],
    ['1.5h', 5_400_000],
    ['0s', 0],
  ])('%s back from now', (text, ms) => {
    expect(sinceOf(text, NOW)).toBe(NOW - ms)
  })

  it.each([
    ['2026-11-22T09:59:00Z', '2026-11-22T09:59:00Z'],
    ['2026-11-22T10:59:30.5+01:00', '2026-11-22T09:59:30.500Z'],
    ['2026-11-22 09:59Z', '2026-11-22T09:59:00Z'],
    ['2026-11-21', new Date(2026, 10, 21).toISOString()],
    ['2026-11-21T08:00', new Date(2026, 10, 21, 8).toISOString()],
  ])('%s is a time', (text, iso) => {
    expect(sinceOf(text, NOW)).toBe(Date.parse(iso))
  })

  it.each(['yesterday', '10', 'm', '-5m', '10 m', '2026-13-45', '2026-11-22T25:00Z', '10x', '', '2026-11-23'])(
    '%j is refused with exit code 2',
    (text) => {
      const refused = (): unknown => {
        try {
          return sinceOf(text, NOW)
        } catch (error) {
          return error
        }
      }
      expect(refused()).toBeInstanceOf(InfraError)
      expect((refused() as InfraError).exitCode).toBe(2)
      expect((refused() as InfraError).next).toContain('--since 30s')
    },
  )
})

describe('what a container has written, on a terminal', () => {
  it.each([
    ['plain', 'GET /health 200', 'GET /health 200'],
    ['a tab', 'a\tb', 'a\tb'],
    ['letters of all the world', 'größer 日本 🎉', 'größer 日本 🎉'],
    ['clear the screen', 'a\u001b[2J\u001b[Hb', 'ab'],
    ['move up and erase', '\u001b[1A\u001b[2Kgone', 'gone'],
    ['the title of the window', 'a\u001b]0;evil\u0007b', 'ab'],
    ['a link', '\u001b]8;;http://x\u001b\\text\u001b]8;;\u001b\\', 'text'],
    ['a title without an end', 'a\u001b]0;evil', 'a'],
    ['a string for the terminal', 'a\u001bP1;2|x\u001b\\b', 'ab'],
    ['8-bit controls', 'a\u009b2Jb\u009d0;t\u009cc\u0085d', 'abcd'],
    ['reset of the terminal', 'a\u001bcb', 'ab'],
    ['other letters', 'a\u001b(0b', 'ab'],
    ['the alternate screen', '\u001b[?1049hx', 'x'],
    ['a bell and a backspace', 'a\u0007\u0008b', 'ab'],
    ['half a sequence', 'a\u001b[12', 'a12'],
    ['a sequence in two parts', '\u001b\u0007[2Jx', '[2Jx'],
    ['a carriage return', 'secret\rshown\r', 'secret shown'],
    ['turned direction', 'a\u202eb\u2066c', 'abc'],
    ['a private colour', '\u001b[>4;1mx', 'x'],
  ])('%s', (_, text, shown) => {
    expect(safeText(text, true)).toBe(shown)
  })

  it('colours stay and end with the line, where colours are wanted', () => {
    const text = '\u001b[31;1mred\u001b[38:5:9m \u001b[2Jmore'
    expect(safeText(text, true)).toBe('\u001b[31;1mred\u001b[38:5:9m more\u001b[0m')
    expect(safeText(text, false)).toBe('red more')
  })
})

const awslogs = (options: Record<string, string>) => ({ logConfiguration: { logDriver: 'awslogs' as const, options } })
const here = { 'awslogs-group': '/ecs/shop', 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'web' }

describe('where the log is', () => {
  it('every container with awslogs, each place once over several revisions', () => {
    const one = {
      containerDefinitions: [
        { name: 'web', ...awslogs(here) },
        { name: 'side', ...awslogs(here) },
      ],
    }
    const two = {
      containerDefinitions: [
        { name: 'web', ...awslogs({ ...here, 'awslogs-group': '/ecs/new' }) },
        { name: 'side', ...awslogs(here) },
      ],
    }
    expect(logPlaces([one, two], 'us-east-1')).toEqual({
      sources: [
        { group: '/ecs/shop', container: 'web', streams: 'web/web/' },
        { group: '/ecs/shop', container: 'side', streams: 'web/side/' },
        { group: '/ecs/new', container: 'web', streams: 'web/web/' },
      ],
      elsewhere: [],
    })
  })

  it('says of the others where theirs is', () => {
    const definition = {
      containerDefinitions: [
        { name: 'a' },
        { name: 'b', logConfiguration: { logDriver: 'awsfirelens' as const, options: { Name: 'datadog' } } },
        { name: 'c', logConfiguration: { logDriver: 'splunk' as const, options: { 'splunk-url': 'https://s' } } },
        { name: 'd', ...awslogs({ ...here, 'awslogs-region': 'eu-west-1' }) },
      ],
    }
    const { sources, elsewhere } = logPlaces([definition], 'us-east-1')
    expect(sources).toEqual([])
    expect(elsewhere.map((e) => `${e.container}: ${e.why}`)).toEqual([
      'a: it has no log configuration, so what it writes is kept nowhere',
      'b: its log goes through FireLens to where its router sends it (datadog), which is not read here',
      'c: its log goes to splunk (https://s), which is not read here',
      'd: its log is in eu-west-1, in the log group /ecs/shop',
    ])
    expect(elsewhere[3]?.next).toBe('aws logs tail /ecs/shop --region eu-west-1 --follow')
  })

  it('of one task: its stream', () => {
    const definition = { containerDefinitions: [{ name: 'side' }, { name: 'web', ...awslogs(here) }] }
    const task = { taskArn: 'arn:aws:ecs:us-east-1:1:task/shop/abc123' }
    expect(streamOf(definition, 'web', task, 'us-east-1')).toEqual({ group: '/ecs/shop', stream: 'web/web/abc123' })
    expect(streamOf(definition, 'side', task, 'us-east-1')).toMatchObject({
      container: 'side',
      why: expect.stringContaining('kept nowhere'),
    })
  })
})
