import pc from 'picocolors'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { InfraError } from '../../src/core/errors.ts'
import type { Event } from '../../src/engine/events.ts'
import type { Io } from '../../src/ui/io.ts'
import { ndjsonReporter, plainReporter } from '../../src/ui/reporters.ts'

const heard = (verbose = false): { io: Io; notes: string[] } => {
  const notes: string[] = []
  const io: Io = {
    json: false,
    verbose,
    interactive: false,
    live: false,
    c: pc.createColors(false),
    say: (text) => notes.push(`stdout: ${text}`),
    log: (text) => notes.push(`stdout: ${text}`),
    event: (value) => notes.push(`event: ${JSON.stringify(value)}`),
    data: (value) => notes.push(`data: ${JSON.stringify(value)}`),
    note: (text) => notes.push(text),
  }
  return { io, notes }
}

const waiting = (status: string, elapsedMs: number, minutes = 12): Event => ({
  type: 'resource.waiting',
  key: 'db',
  status,
  elapsedMs,
  minutes,
})
const EVENTS: readonly Event[] = [
  { type: 'resource.creating', key: 'db', title: 'database', name: 'shop-db' },
  waiting('creating', 100),
  waiting('creating', 5000),
  waiting('backing-up', 9000),
  waiting('backing-up', 12_000),
  { type: 'resource.ready', key: 'db', did: 'created', id: 'db-1', tookMs: 12_400 },
  { type: 'resource.ready', key: 'vpc', did: 'kept', id: 'vpc-1', tookMs: 3 },
  { type: 'resource.updating', key: 'alarm', title: 'alarm', name: 'cpu', why: 'threshold: 70 -> 80' },
  { type: 'resource.ready', key: 'alarm', did: 'updated', id: 'cpu', tookMs: 90 },
  { type: 'resource.failed', key: 'role', error: new InfraError('It may not', { why: 'no policy', next: 'ask' }) },
  { type: 'resource.failed', key: 'topic', error: new Error('boom') },
  { type: 'resource.blocked', key: 'dashboard', by: 'role' },
  { type: 'resource.gone', key: 'old', tookMs: 800 },
  { type: 'resource.gone', key: 'secret', tookMs: 10, leaves: 'the secret, for 30 days' },
  { type: 'note', text: 'The lock is taken over.' },
]

describe('plain lines', () => {
  it('one for each thing that happened, each status once, nothing on stdout', () => {
    const { io, notes } = heard()
    const reporter = plainReporter(io)
    for (const event of EVENTS) reporter.report(event)
    reporter.end()
    expect(notes).toEqual([
      '  db: creating, usually about 12 minutes',
      '  db: backing-up, usually about 12 minutes',
      '✓ db created db-1  12 s',
      '  alarm: updating alarm cpu (threshold: 70 -> 80)',
      '✓ alarm updated cpu  0.1 s',
      '✗ role failed: It may not',
      '✗ topic failed: boom',
      '- dashboard not done: it needs role',
      '✓ old deleted 0.8 s',
      '✓ secret deleted 0.0 s\n  stays: the secret, for 30 days',
      'The lock is taken over.',
    ])
  })

  it('a status that comes back is said again; short waits have no minutes', () => {
    const { io, notes } = heard()
    const reporter = plainReporter(io)
    for (const status of ['a', 'b', 'a', 'a']) reporter.report(waiting(status, 1, 0.2))
    expect(notes).toEqual(['  db: a', '  db: b', '  db: a'])
  })

  it('a long wait is a line every five minutes, with how long it took so far', () => {
    const { io, notes } = heard()
    const reporter = plainReporter(io)
    for (let s = 0; s < 12 * 60; s += 10) reporter.report(waiting('creating', s * 1000))
    // The next wait of the same thing counts anew.
    reporter.report(waiting('creating', 0, 0))
    expect(notes).toEqual([
      '  db: creating, usually about 12 minutes',
      '  db: creating, 5:00 min so far, usually about 12 minutes',
      '  db: creating, 10:00 min so far, usually about 12 minutes',
      '  db: creating',
    ])
  })

  it('with --verbose also what is begun', () => {
    const { io, notes } = heard(true)
    const reporter = plainReporter(io)
    reporter.report({ type: 'resource.deleting', key: 'db', title: 'database', name: 'shop-db' })
    expect(notes).toEqual(['  db: deleting database shop-db'])
  })
})

describe('events for programs', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('are one JSON object a line on stdout, errors with their words', () => {
    const lines: string[] = []
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0)
    const reporter = ndjsonReporter()
    for (const event of EVENTS) reporter.report(event)
    reporter.end()
    vi.restoreAllMocks()
    expect(lines).toHaveLength(EVENTS.length)
    for (const line of lines) expect(line).toMatch(/^\{.*\}\n$/)
    const events = lines.map((line) => JSON.parse(line) as Event & { error?: string })
    expect(events.map((e) => e.type)).toEqual(EVENTS.map((e) => e.type))
    expect(events.flatMap((e) => e.error ?? [])).toEqual(['It may not: no policy', 'boom'])
  })
})
