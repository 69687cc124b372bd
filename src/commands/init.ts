import { resolve } from 'node:path'
import { isScalar, parseDocument } from 'yaml'
import { setKeys } from '../config/edit.ts'
import { CONFIG_FILE, readText, regionOfShell } from '../config/load.ts'
import { PRESET_DEFAULTS, presets } from '../config/presets.ts'
import { parseYaml, readConfig } from '../config/read.ts'
import { InfraError, refuse } from '../engine/errors.ts'
import { replaceFile } from '../state/replace.ts'
import { asker } from '../ui/ask.ts'
import { list } from '../ui/format.ts'
import { commandLine, type Globals, ioOf } from './globals.ts'
import { type Answers, template } from './template.ts'

export interface InitFlags extends Globals {
  readonly preset?: string
  readonly set: readonly string[]
  /** Write over a config that is there. */
  readonly force?: boolean
}

const fileOf = (g: Globals): string => resolve(g.config ?? CONFIG_FILE)

export const hasConfig = async (g: Globals): Promise<boolean> => (await readText(fileOf(g))) !== undefined

/** Asks what is needed and writes a commented infra.yaml; with --yes it asks nothing. */
export const initCommand = async (flags: InitFlags): Promise<number> => {
  const io = ioOf(flags)
  const file = fileOf(flags)
  const sets = flags.set.map(parseSet)
  if (flags.preset !== undefined && !Object.hasOwn(presets, flags.preset))
    throw refuse(
      `There is no preset ${flags.preset}`,
      `the presets are ${list(Object.keys(presets))}`,
      'infra init --preset startupwebapp',
    )
  const existing = await readText(file)
  if (existing !== undefined && !flags.force) {
    if (sets.length === 0)
      throw refuse(
        `${file} is there already`,
        'init does not write over it',
        `Edit it, change single keys with ${commandLine(flags, 'init --set key=value')}, or write it anew with --force`,
      )
    return change(file, existing, sets, flags)
  }
  const preset = flags.preset
  const answers = await ask(flags, preset, io)
  const text = withSets(template(answers), sets)
  readConfig(parseYaml(file, text), {}, file)
  await write(file, text)
  if (io.json)
    io.data({ file, preset: preset ?? null, project: answers.project, environment: answers.environment, region: answers.region })
  io.say(
    `${io.c.green('✓')} ${file} is written: project ${answers.project}, environment ${answers.environment}, region ${answers.region}.`,
  )
  io.say(
    `  Read it, it explains itself. Next: ${io.c.cyan(commandLine(flags, 'plan'))}, then ${io.c.cyan(commandLine(flags, 'create'))}${flags.sandbox ? '' : ` (without an AWS account: add --sandbox)`}`,
  )
  return 0
}

/** `--set` on a config that is there: these keys, nothing else. */
const change = async (file: string, existing: string, sets: readonly Setting[], flags: InitFlags): Promise<number> => {
  const io = ioOf(flags)
  parseYaml(file, existing)
  const text = withSets(existing, sets)
  readConfig(parseYaml(file, text), {}, file)
  await write(file, text)
  if (io.json) io.data({ file, set: Object.fromEntries(sets.map((s) => [s.path.join('.'), s.value])) })
  io.say(`${io.c.green('✓')} ${file}: ${sets.map((s) => `${s.path.join('.')} = ${JSON.stringify(s.value)}`).join(', ')}`)
  io.say(`  Next: ${io.c.cyan(commandLine(flags, 'plan'))}`)
  return 0
}

const write = async (file: string, text: string): Promise<void> => {
  try {
    await replaceFile(file, text)
  } catch (error) {
    throw new InfraError(`Cannot write ${file}`, { why: (error as Error).message, exitCode: 2, cause: error })
  }
}

interface Setting {
  readonly path: string[]
  readonly value: unknown
}

/** `vpc.nat=single`: the value is read as YAML, so numbers, true, [lists] and {maps} are what they look like. */
const parseSet = (text: string): Setting => {
  const at = text.indexOf('=')
  const example = 'For example --set vpc.nat=single'
  if (at < 1) throw refuse(`--set ${text} is not key=value`, undefined, example)
  const key = text.slice(0, at).trim()
  const doc = parseDocument(text.slice(at + 1))
  // Not the value: it may be one that belongs on no screen.
  if (doc.errors.length > 0) throw refuse(`--set ${key}: the value is not valid YAML`, undefined, example)
  const written = isScalar(doc.contents) ? doc.contents.source : undefined
  // 16.10 is a version here, not the number 16.1.
  const value: unknown = key.endsWith('rds.version') && written !== undefined ? written : doc.toJS()
  return { path: key.split('.'), value }
}

const withSets = (text: string, sets: readonly Setting[]): string =>
  setKeys(
    text,
    sets.map(({ path, value }) => [path, value]),
  )

const ask = async (flags: InitFlags, preset: string | undefined, io: ReturnType<typeof ioOf>): Promise<Answers> => {
  const given = (key: string): string | undefined => {
    const found = flags.set.map(parseSet).find((s) => s.path.join('.') === key)?.value
    return typeof found === 'string' ? found : undefined
  }
  const region = flags.region ?? given('region') ?? regionOfShell()
  const quiet = !io.interactive
  const questions = asker(io)
  const chosen =
    preset ??
    (quiet
      ? undefined
      : await questions.choose(
          'What shall the stack look like?',
          [
            {
              value: 'startupwebapp',
              name: 'startupwebapp  VPC, secrets, PostgreSQL 16 with its databases, a service behind a load balancer, monitoring',
              description: 'The StartupWebApp stack: db.t4g.small, seven days of backups, four alarms, a dashboard.',
            },
            {
              value: 'plain',
              name: 'plain          VPC, secrets, a small PostgreSQL, monitoring; containers when you name them',
              description: 'db.t4g.micro; every name and size can be set in infra.yaml.',
            },
          ],
          '--preset',
        ))
  const own = chosen === 'plain' ? undefined : chosen
  const defaults = PRESET_DEFAULTS[own ?? '']
  const project = given('project') ?? defaults?.project
  const environment = flags.env ?? given('environment') ?? defaults?.environment ?? 'dev'
  const email = given('monitoring.email')
  if (quiet) {
    if (!project)
      throw refuse(
        'init needs the name of the project',
        'without a terminal nothing is asked',
        `${commandLine(flags, 'init')} --yes --set project=shop`,
      )
    return { preset: own, project, environment, region, email }
  }
  const check = (key: string) => (value: string) =>
    checked(key, { project: 'aa', environment: 'dev', region: 'us-east-1', [key]: value })
  return {
    preset: own,
    project:
      given('project') ?? (await questions.text('Name of the project', project ?? '', check('project'), '--set project=shop')),
    environment:
      given('environment') ??
      flags.env ??
      (await questions.text('Environment', environment, check('environment'), '--set environment=production')),
    region:
      flags.region ?? given('region') ?? (await questions.text('AWS region', region, check('region'), '--set region=us-east-1')),
    email,
  }
}

/** The config's own rule for one key, as an answer to a wrong input. */
const checked = (key: string, values: Record<string, string>): string | undefined => {
  try {
    readConfig(values, {}, 'infra.yaml')
    return undefined
  } catch (error) {
    if (!(error instanceof InfraError)) return String(error)
    const sentences = [error.what, ...(error.why ?? '').split('\n').map((line) => line.trim())]
    return sentences.find((sentence) => sentence.startsWith(`${key} `)) ?? error.what
  }
}
