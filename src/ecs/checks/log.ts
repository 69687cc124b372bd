import type { Aws } from '../../aws/clients.ts'
import type { TaskDefinition } from '../../aws/services/ecs-types.ts'
import type { Clock } from '../../core/clock.ts'
import { safeText } from '../../core/safe.ts'
import { type LogSource, logPlaces } from '../logs/log.ts'
import { pagesOf } from '../logs/read.ts'
import { containerOf } from '../revision.ts'
import { type Check, type Line, many, missingAction, percent, skipped, TOO_MANY } from './check.ts'

/** How a line looks that tells of an error, in plain text and in JSON. */
const ERROR =
  /\b(ERROR|FATAL|CRITICAL)\b|Traceback \(most recent call last\)|\b[A-Z]\w*Exception\b|\bException\b|"level"\s*:\s*"(error|fatal|critical)"/
/** As many pages are read, of up to 10 000 lines or 1 MB each. */
const PAGES = 30
const EXAMPLES = 3
const LONGEST = 300

/** What the log has said since an instant. */
interface Scan {
  readonly lines: number
  readonly errors: number
  readonly examples: readonly string[]
  /** How often each phrase came up. */
  readonly phrases: ReadonlyMap<string, number>
  /** Whether there is more than what was read. */
  readonly cut: boolean
}

interface Logs {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly aws: Pick<Aws, 'logs'>
  readonly definition: TaskDefinition
  readonly container: string
  readonly region: string
  /** Milliseconds. */
  readonly since: number
  readonly phrases: readonly string[]
  /** Ids of tasks that do not count: those of the revision before, which may still write. */
  readonly others: readonly string[]
}

/** What nobody could read, as the line of every check that hangs on it. */
type Unread = Pick<Check, 'outcome' | 'detail' | 'next'>

/** Reads the log of one container since an instant; undefined where its log group is missing. */
const scanLog = async (of: Logs, source: LogSource): Promise<Scan | undefined> => {
  const found = new Map(of.phrases.map((p) => [p, 0]))
  const examples: string[] = []
  let [lines, errors, pages] = [0, 0, 0]
  let missing = false
  const reading = {
    ...of,
    patient: false,
    missing: () => {
      missing = true
    },
    slow: () => undefined,
  }
  for await (const events of pagesOf(reading, source, of.since)) {
    for (const { message, task } of events) {
      if (of.others.includes(task)) continue
      lines++
      for (const p of of.phrases) if (message.includes(p)) found.set(p, (found.get(p) ?? 0) + 1)
      if (!ERROR.test(message)) continue
      errors++
      if (examples.length < EXAMPLES) examples.push(safeText(message.trim().split('\n')[0] ?? '', false).slice(0, LONGEST))
    }
    if (++pages >= PAGES) break
  }
  return missing ? undefined : { lines, errors, examples, phrases: found, cut: pages >= PAGES }
}

/** A phrase that the log must hold, or with ! in front must not; then how often lines look like errors. */
export const checkLog = async (
  of: Omit<Logs, 'phrases'> & { readonly wishes: readonly string[]; readonly ours: boolean; line: Line },
): Promise<Check[]> => {
  const { wishes, ours, line, since } = of
  const unread = (why: Unread): Check[] => [...wishes.map((w) => `log ${w}`), 'errors'].map((name) => ({ name, ...why }))
  const container = containerOf(of.definition, of.container)
  const { sources, elsewhere } = logPlaces([{ containerDefinitions: [container] }], of.region)
  const [source] = sources
  if (!source) return unread({ outcome: 'skip', detail: elsewhere[0]?.why ?? 'it has no log', next: elsewhere[0]?.next })
  const phrases = wishes.map((w) => w.replace(/^!/, ''))
  const scan = await scanLog({ ...of, phrases }, source).catch((error: unknown) => {
    const action = missingAction(error)
    if (action) return action
    throw error
  })
  if (typeof scan === 'string') return unread(skipped(scan))
  const make = ours ? 'infra create ecs' : `aws logs create-log-group --log-group-name ${source.group}`
  if (!scan) return unread({ outcome: 'fail', detail: `the log group ${source.group} is missing`, next: make })
  return [...wishes.map((w) => phraseCheck(w, scan, since, line)), errorCheck(scan, since, line)]
}

const minute = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`

const phraseCheck = (wish: string, scan: Scan, since: number, line: Line): Check => {
  const unwanted = wish.startsWith('!')
  const phrase = wish.replace(/^!/, '')
  const n = scan.phrases.get(phrase) ?? 0
  const name = `log ${wish}`
  const look = `${line('logs', `--filter '"${phrase}"' --since ${new Date(since).toISOString()}`)}`
  if (n > 0) {
    const detail = `"${phrase}" ${n === 1 ? 'once' : `${n} times`} since ${minute(since)}`
    return unwanted ? { name, outcome: 'fail', detail, next: look } : { name, outcome: 'pass', detail }
  }
  const read = scan.cut ? `the first ${many(scan.lines, 'line')}` : many(scan.lines, 'line')
  const detail = `no "${phrase}" in ${read} since ${minute(since)}`
  if (scan.cut) return { name, outcome: 'warn', detail: `${detail}; there are more`, next: look }
  return unwanted ? { name, outcome: 'pass', detail } : { name, outcome: 'fail', detail, next: line('logs') }
}

const errorCheck = ({ lines, errors, examples, cut }: Scan, since: number, line: Line): Check => {
  const name = 'errors'
  if (lines === 0)
    return { name, outcome: 'warn', detail: `the log has no line since ${minute(since)}`, next: line('logs', '--since 1d') }
  const read = `${cut ? 'the first ' : ''}${many(lines, 'line')} since ${minute(since)}`
  if (errors === 0) return { name, outcome: 'pass', detail: `none in ${read}` }
  const share = errors / lines
  return {
    name,
    outcome: share >= TOO_MANY ? 'fail' : 'warn',
    detail: `${errors} of ${read} look like errors (${percent(share)})`,
    next: line('logs', `--since ${new Date(since).toISOString()}`),
    examples,
  }
}
