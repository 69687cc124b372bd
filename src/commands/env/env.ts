import { type Loaded, loadConfig } from '../../config/load.ts'
import { STEPS } from '../../config/names.ts'
import { InfraError, refuse } from '../../core/errors.ts'
import { dotenvLine, shellLine } from '../../core/quote.ts'
import { commandLine, ioOf, wantsSandbox } from '../../session/globals.ts'
import { recordedState } from '../../session/recorded.ts'
import type { Row } from '../../state/schema.ts'
import { list } from '../../ui/format.ts'
import type { Io } from '../../ui/io.ts'
import type { EnvFlags } from './definitions.ts'
import { chosenDatabase, usualNames } from './names.ts'
import { type Known, type Lack, type Part, partsOf, type Secrets } from './outputs.ts'

const FORMATS = ['dotenv', 'json', 'shell'] as const
type Format = (typeof FORMATS)[number]

type Filled = { readonly name: string } & ({ readonly value: string } | { readonly lack: Lack })

/**
 * What an application needs to know of the stack, under its own names: from the state, so without credentials; with --reveal from
 * Secrets Manager too. Nothing but the result is on stdout. What is not there yet is told on stderr, with exit code 1: a script that
 * goes on without it would fail far from here.
 */
export const envCommand = async (f: EnvFlags): Promise<number> => {
  const format = formatOf(f)
  try {
    return await print(f, format)
  } catch (error) {
    // `eval "$(infra env ...)"` sees no exit code of ours, but that of the last line.
    if (format === 'shell') process.stdout.write('false\n')
    throw error
  }
}

const print = async (f: EnvFlags, format: Format): Promise<number> => {
  const io = ioOf(f)
  const loaded = await loadConfig({ file: f.config, environment: f.env, region: f.region })
  const { config } = loaded
  const database = chosenDatabase(config, f.database)
  const own = Object.keys(config.env).length > 0
  const names = own ? config.env : usualNames(config, database)
  const parts = (known: Pick<Known, 'rows' | 'account'>): Template[] =>
    Object.entries(names).map(([name, text]) => ({ name, parts: partsOf(name, text, { ...known, config, database }) }))
  const filled = f.reveal ? await revealed(f, loaded, parts) : await recorded(f, loaded, parts)

  const lacks = write(io, format, filled, f)
  if (!own && database === undefined && config.databases.names.length > 1)
    io.note(
      `infra.yaml has ${list(config.databases.names)}: ${commandLine(f, 'env --database <name>')} tells what hangs on one of them`,
    )
  if (lacks.length > 0) throw missing(f, lacks)
  return 0
}

const formatOf = ({ json, format = json ? 'json' : 'dotenv' }: EnvFlags): Format => {
  const known = FORMATS.find((x) => x === format)
  if (!known) throw refuse(`--format is ${format}`, `it must be one of ${FORMATS.join(', ')}`, 'infra env --format dotenv')
  if (json && known !== 'json')
    throw refuse(`--json and --format ${format} are both given`, 'the output has one format', `infra env --format ${format}`)
  return known
}

interface Template {
  readonly name: string
  readonly parts: readonly Part[]
}
type Parts = (known: Pick<Known, 'rows' | 'account'>) => Template[]

const recorded = async (f: EnvFlags, loaded: Loaded, parts: Parts): Promise<Filled[]> => {
  const state = await recordedState(f, loaded, wantsSandbox(f))
  const known = new Map<string, Row>(Object.entries(state?.resources ?? {}))
  const rows = f.offline ? known : await withLiveArns(f, loaded, state?.account, known)
  const next = commandLine(f, 'env --reveal')
  return filledBy(loaded, parts({ rows, account: state?.account }), (arn, key, alone) =>
    // As ECS takes it: after the ARN the key, the version's stage and its id.
    alone ? (key === undefined ? arn : `${arn}:${key}::`) : { why: 'a secret is a part of it, so it can only be revealed', next },
  )
}

/** An ARN of a secret that was made anew would name nothing. */
const withLiveArns = async (
  f: EnvFlags,
  loaded: Loaded,
  account: string | undefined,
  rows: ReadonlyMap<string, Row>,
): Promise<Map<string, Row>> => {
  const { liveSecrets, withMoved } = await import('./live.ts')
  const { moved, unsure } = await liveSecrets(f, loaded, account, rows)
  const { note, c } = ioOf(f)
  if (unsure)
    note(
      `${c.yellow('!')} ARNs of secrets are told from the state: ${unsure}. Without this look: ${commandLine(f, 'env --offline')}`,
    )
  return withMoved(rows, moved)
}

const revealed = async (f: EnvFlags, loaded: Loaded, parts: Parts): Promise<Filled[]> => {
  const [{ openSession }, { valuesOf }] = await Promise.all([import('../../session/session.ts'), import('./reveal.ts')])
  const s = await openSession(f, undefined, loaded)
  try {
    const templates = parts({ rows: s.state.all(), account: s.caller.account })
    const arns = new Set(templates.flatMap((t) => t.parts.flatMap((p) => (p.is === 'secret' ? [p.arn] : []))))
    const read = await valuesOf(s, [...arns])
    const filled = filledBy(loaded, templates, read)
    const shown = templates.filter((t, i) => t.parts.some((p) => p.is === 'secret') && 'value' in (filled[i] ?? {}))
    if (shown.length > 0)
      s.io.note(
        `${s.io.c.yellow('!')} The output holds the values of secrets (${list(shown.map((t) => t.name))}): keep it out of logs, shells' histories and repositories.`,
      )
    return filled
  } finally {
    await s.close()
  }
}

const filledBy = ({ config }: Loaded, templates: readonly Template[], secrets: Secrets): Filled[] =>
  templates.map(({ name, parts }) => {
    const values = parts.map((part): string | Lack => {
      if (part.is === 'text') return part.text
      if (part.is === 'secret') return secrets(part.arn, part.key, parts.length === 1)
      return config.steps.includes(part.step)
        ? { why: `${part.step} is not made yet`, step: part.step }
        : { why: `the step ${part.step} is switched off`, next: `Add ${part.step} to steps in infra.yaml` }
    })
    const lack = values.find((v) => typeof v !== 'string')
    return lack === undefined ? { name, value: values.join('') } : { name, lack: lack as Lack }
  })

/** @returns what could not be written */
const write = (io: Io, format: Format, filled: readonly Filled[], f: EnvFlags): (Lack & { readonly name: string })[] => {
  const line = { dotenv: dotenvLine, shell: shellLine, json: () => '' }[format]
  const lacks: (Lack & { readonly name: string })[] = []
  const lines: string[] = []
  const values: Record<string, string> = {}
  for (const of of filled) {
    const { name } = of
    const text = 'value' in of ? line(name, of.value) : undefined
    if ('value' in of && text !== undefined) {
      lines.push(text)
      values[name] = of.value
      continue
    }
    const other = format === 'dotenv' ? 'json' : 'dotenv'
    const cannot = { why: `not every reader of ${format} takes its value`, next: commandLine(f, `env --format ${other}`) }
    const lack = { name, ...('lack' in of ? of.lack : cannot) }
    lacks.push(lack)
    if (format === 'dotenv') lines.push(`# ${name}: ${lack.why}`)
  }
  if (format === 'json') io.data(values)
  else if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`)
  return lacks
}

/** The variables by what they lack, and the command that makes all that is not made. */
const missing = (f: EnvFlags, lacks: readonly (Lack & { readonly name: string })[]): InfraError => {
  const names = new Map<string, string[]>()
  for (const { name, why } of lacks) names.set(why, [...(names.get(why) ?? []), name])
  const steps = STEPS.filter((step) => lacks.some((l) => l.step === step))
  const [first] = lacks
  return new InfraError(lacks.length === 1 ? `${first?.name} is missing` : `${lacks.length} variables are missing`, {
    why: [...names].map(([why, of]) => (lacks.length === 1 ? why : `${list(of)} (${why})`)).join('; '),
    next: steps.length > 0 ? commandLine(f, `create ${steps.join(' ')}`) : lacks.find((l) => l.next)?.next,
  })
}
