import { resolve } from 'node:path'
import { CONFIG_FILE, readText } from '../../config/load.ts'
import { PRESETS, presetOf } from '../../config/presets/index.ts'
import { parseYaml, readConfig } from '../../config/read.ts'
import { InfraError, refuse } from '../../core/errors.ts'
import { commandLine, type Globals, ioOf } from '../../session/globals.ts'
import { replaceFile } from '../../state/replace.ts'
import { list } from '../../ui/format.ts'
import { ask } from './ask.ts'
import { costLines } from './cost.ts'
import type { InitFlags } from './definitions.ts'
import { parseSet, type Setting, withSets } from './set.ts'
import { template } from './template.ts'

const fileOf = (g: Globals): string => resolve(g.config ?? CONFIG_FILE)

/** Asks for a config where there is none. */
export const initIfMissing = async (g: Globals): Promise<void> => {
  if ((await readText(fileOf(g))) === undefined) await initCommand({ ...g, set: [] })
}

/** Asks what is needed and writes a commented infra.yaml; with --yes it asks nothing. */
export const initCommand = async (flags: InitFlags): Promise<number> => {
  const io = ioOf(flags)
  const file = fileOf(flags)
  const sets = flags.set.map(parseSet)
  if (flags.preset !== undefined && !presetOf(flags.preset))
    throw refuse(`There is no preset ${flags.preset}`, `the presets are ${list(PRESETS)}`, 'infra init --preset startupwebapp')
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
  const answers = await ask(flags, io)
  const text = withSets(template(answers), sets)
  const config = readConfig(parseYaml(file, text), {}, file)
  await write(file, text)
  if (io.json)
    io.data({ file, preset: preset ?? null, project: answers.project, environment: answers.environment, region: answers.region })
  io.say(
    `${io.c.green('✓')} ${file} is written: project ${answers.project}, environment ${answers.environment}, region ${answers.region}.`,
  )
  for (const line of costLines(answers, config, file, sets, flags)) io.say(line)
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
