import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { InfraError } from '../../src/core/errors.ts'
import { asker } from '../../src/ui/ask.ts'
import { terminalIo, withSize } from '../../src/ui/io.ts'

const OPTIONS = { color: true, json: false, yes: false, verbose: false }
const STREAMS = ['stdin', 'stdout', 'stderr'] as const
type Stream = (typeof STREAMS)[number]

describe('where words go', () => {
  const were = { NO_COLOR: process.env.NO_COLOR, TERM: process.env.TERM, CI: process.env.CI }
  const before = STREAMS.map((s) => Object.getOwnPropertyDescriptor(process[s], 'isTTY'))
  beforeEach(() => {
    for (const k of Object.keys(were)) delete process.env[k]
  })
  afterEach(() => {
    for (const [k, v] of Object.entries(were))
      if (v === undefined) delete process.env[k]
      else process.env[k] = v
    for (const [i, s] of STREAMS.entries()) {
      const was = before[i]
      if (was) Object.defineProperty(process[s], 'isTTY', was)
      else Reflect.deleteProperty(process[s], 'isTTY')
    }
    vi.restoreAllMocks()
  })
  const terminals = (...on: Stream[]): void => {
    for (const s of STREAMS)
      Object.defineProperty(process[s], 'isTTY', { value: on.includes(s), configurable: true, writable: true })
  }
  const seen = (): { out: string[]; err: string[] } => {
    const [out, err]: [string[], string[]] = [[], []]
    vi.spyOn(process.stdout, 'write').mockImplementation((t) => out.push(String(t)) > 0)
    vi.spyOn(process.stderr, 'write').mockImplementation((t) => err.push(String(t)) > 0)
    return { out, err }
  }

  it('words to stdout, remarks to stderr; with --json only data is on stdout', () => {
    const { out, err } = seen()
    const io = terminalIo(OPTIONS)
    io.say('a')
    io.say()
    io.note('b')
    const json = terminalIo({ ...OPTIONS, json: true })
    json.say('never')
    json.data({ a: 1 })
    json.note('c')
    vi.restoreAllMocks()
    expect(out).toEqual(['a\n', '\n', '{\n  "a": 1\n}\n'])
    expect(err).toEqual(['b\n', 'c\n'])
  })

  it('texts from outside do nothing to the terminal, colours of infra stay, endless lines are cut', () => {
    terminals('stdin', 'stdout', 'stderr')
    const { out, err } = seen()
    const io = terminalIo(OPTIONS)
    const hostile = '\u001b]0;owned\u0007\u001b[2J\u001b[1Aa\u009b31mb\u202ec\u001b[8mhidden\rd'
    io.say(`${io.c.green('✓')} ${hostile}\n  ${io.c.bold('next')}`)
    io.note(hostile)
    io.say('x'.repeat(10_000_000))
    io.log('\u001b[31mas it is')
    io.data({ [hostile]: hostile })
    terminalIo({ ...OPTIONS, color: false }).say(io.c.red('red'))
    vi.restoreAllMocks()
    expect(out[0]).toBe('\u001b[32m✓\u001b[39m abchidden d\n  \u001b[1mnext\u001b[22m\n')
    expect(err).toEqual(['abchidden d\n'])
    expect(out[1]).toBe(`${'x'.repeat(1000)}... (10,000,000 characters)\n`)
    expect(out[2]).toBe('\u001b[31mas it is\n')
    expect(out[3]).toMatch(/^[\x20-\x7e\n]*$/)
    expect(JSON.parse(out[3] ?? '')).toEqual({ [hostile]: hostile })
    expect(out[4]).toBe('red\n')
  })

  it('a person can be asked where in and err are a terminal, unless --yes or --json', () => {
    terminals('stdin', 'stderr')
    expect(terminalIo(OPTIONS).interactive).toBe(true)
    expect(terminalIo({ ...OPTIONS, yes: true }).interactive).toBe(false)
    expect(terminalIo({ ...OPTIONS, json: true }).interactive).toBe(false)
    for (const on of [['stdin'], ['stderr'], ['stdout', 'stdin'], []] as Stream[][]) {
      terminals(...on)
      expect(terminalIo(OPTIONS).interactive).toBe(false)
    }
  })

  it('live lines only where they can be drawn', () => {
    terminals(...STREAMS)
    expect(terminalIo(OPTIONS).live).toBe(true)
    expect(terminalIo({ ...OPTIONS, json: true }).live).toBe(false)
    expect(terminalIo({ ...OPTIONS, verbose: true }).live).toBe(false)
    process.env.CI = '1'
    expect(terminalIo(OPTIONS).live).toBe(false)
    delete process.env.CI
    process.env.TERM = 'dumb'
    expect(terminalIo(OPTIONS).live).toBe(false)
  })

  it('colour in a terminal only, and not with --no-color, NO_COLOR or a dumb one', () => {
    const coloured = (options = OPTIONS): boolean => terminalIo(options).c.red('x') !== 'x'
    terminals(...STREAMS)
    expect(coloured()).toBe(true)
    expect(coloured({ ...OPTIONS, color: false })).toBe(false)
    process.env.NO_COLOR = '1'
    expect(coloured()).toBe(false)
    // https://no-color.org: "when present and not an empty string".
    process.env.NO_COLOR = ''
    expect(coloured()).toBe(true)
    process.env.TERM = 'dumb'
    expect(coloured()).toBe(false)
    delete process.env.TERM
    terminals('stdin', 'stderr')
    expect(coloured()).toBe(false)
  })

  it('a question to nobody is refused with the flag that answers it', async () => {
    terminals()
    const ask = asker(terminalIo(OPTIONS))
    const questions = [
      ask.confirm('Do it?', true, 'infra create --yes'),
      ask.choose('Which?', [{ value: 'a', name: 'a' }], '--preset'),
      ask.text('Name?', '', () => undefined, '--set project=shop'),
    ]
    const refusals = await Promise.all(questions.map((q) => q.catch((e: unknown) => e)))
    for (const e of refusals) expect(e).toBeInstanceOf(InfraError)
    expect(refusals.map((e) => e instanceof InfraError && [e.exitCode, e.what, e.next])).toEqual([
      [2, '"Do it?" needs an answer, but nobody can be asked here', 'infra create --yes'],
      [2, '"Which?" needs an answer, but nobody can be asked here', '--preset'],
      [2, '"Name?" needs an answer, but nobody can be asked here', '--set project=shop'],
    ])
  })
})

describe('the size of a terminal', () => {
  it('that says 0 columns is taken for the usual one, also after the window changes', () => {
    const stream: { isTTY: boolean; columns?: number; rows?: number } = { isTTY: true, columns: 0, rows: 0 }
    withSize(stream)
    expect(stream).toMatchObject({ columns: 80, rows: 24 })
    Object.assign(stream, { columns: 120, rows: 40 })
    expect(stream).toMatchObject({ columns: 120, rows: 40 })
    stream.columns = 0
    expect(stream.columns).toBe(80)
  })

  it('is not made up for what is no terminal', () => {
    const stream: { isTTY?: boolean; columns?: number } = {}
    withSize(stream)
    expect(stream.columns).toBeUndefined()
  })
})
