import { closest } from '../../config/closest.ts'
import type { Config } from '../../config/config.ts'
import { loadConfig } from '../../config/load.ts'
import { STEPS } from '../../config/names.ts'
import { refuse } from '../../core/errors.ts'
import { chosenSteps, declareStack } from '../../session/declare.ts'
import { commandLine, type Globals, ioOf, wantsSandbox } from '../../session/globals.ts'
import { offlineLookups } from '../../session/lookups.ts'
import { localBackend } from '../../state/local.ts'
import { NO_MEMORY } from '../../state/memory.ts'
import { readState } from '../../state/parse.ts'
import { declareDatabaseTask } from '../../steps/database-task.ts'
import type { PermissionsFlags } from './definitions.ts'
import { CALLED } from './permissions-table.ts'
import { charactersOf, policiesFor } from './policy.ts'

type Nodes = ReturnType<ReturnType<typeof declareStack>['nodes']>
const actionsOf = (nodes: Nodes, verbs: readonly ('observe' | 'create' | 'update' | 'delete')[]): string[] =>
  nodes.flatMap((n) => verbs.flatMap((verb) => n.kind.facts.iam[verb] ?? []))

/**
 * The IAM policy that this stack, some of its steps or one command needs, as JSON that AWS takes. Asks nobody.
 * @param words steps, or the words of a command (`deploy`, `db backup`); none: all of it
 */
export const permissionsCommand = async (words: readonly string[], g: PermissionsFlags): Promise<number> => {
  const io = ioOf(g)
  const loaded = await loadConfig({ file: g.config, environment: g.env, region: g.region })
  const { config } = loaded
  const state = await readState(localBackend(loaded.stateFile(wantsSandbox(g))))
  const nodes = declareStack(config, offlineLookups(config, state ?? NO_MEMORY, state?.account ?? ''))
    .nodes()
    .filter((n) => config.steps.some((step) => step === n.step))
  const task = declareDatabaseTask(config, 'aws', { image: 'x', environment: {}, secrets: {} }).nodes()
  const names = (type: string): string[] => [
    ...new Set([...nodes, ...task].flatMap((n) => (n.kind.type === type ? [n.name] : []))),
  ]
  const { title, actions } = wanted(words, config, nodes, task, g)
  const bucket = config.state === 'local' ? undefined : /^s3:\/\/([^/]+)/.exec(config.state)?.[1]
  const policies = policiesFor('Infra', [...actions, ...(bucket === undefined ? [] : CALLED.state)], {
    region: config.region,
    account: state?.account,
    roles: names('iam.role'),
    profiles: names('iam.instance-profile'),
    bucket,
  })
  const part = partOf(g, policies.length)
  const shown = part === undefined ? policies : policies.slice(part - 1, part)
  if (io.json) {
    io.data({ policies: shown.map((document) => ({ characters: charactersOf(document), document })) })
    return 0
  }
  // Only JSON on stdout, so that it can be piped into a file.
  io.note(
    `${title}: ${policies.length === 1 ? 'one policy' : `${policies.length} policies, as AWS takes 6,144 characters in one; attach all of them`}.`,
  )
  if (policies.length > 1 && part === undefined)
    io.note(`For a file of each: ${commandLine(g, ['permissions', ...words, '--part 1'].join(' '))} > policy-1.json`)
  for (const document of shown) io.say(JSON.stringify(document, null, 2))
  return 0
}

const partOf = (g: PermissionsFlags, n: number): number | undefined => {
  if (g.part === undefined) return undefined
  const part = Number(g.part)
  if (Number.isInteger(part) && part >= 1 && part <= n) return part
  throw refuse(
    `--part is ${g.part}`,
    n === 1 ? 'there is one policy' : `there are ${n} policies`,
    commandLine(g, `permissions --part ${n}`),
  )
}

const ALL = ['observe', 'create', 'update', 'delete'] as const

const wanted = (
  words: readonly string[],
  config: Config,
  nodes: Nodes,
  task: Nodes,
  g: Globals,
): { readonly title: string; readonly actions: readonly string[] } => {
  const { plan, create, commands } = CALLED
  const reading = [...plan, ...actionsOf(nodes, ['observe'])]
  // With databases.via unset the run may take a container.
  const via = config.databases.via
  const ways = [
    ...(via === undefined || via === 'task' ? [...CALLED.task, ...actionsOf(task, ALL)] : []),
    ...(via === 'ssm' ? CALLED.ssm : []),
  ]
  const steps = (names: readonly string[]): string[] => [
    ...reading,
    ...create,
    ...actionsOf(
      nodes.filter((n) => names.includes(n.step)),
      ALL,
    ),
    ...(names.includes('databases') ? ways : []),
  ]
  if (words.length === 0)
    return {
      title: 'All steps of this stack and every command',
      actions: [...steps(config.steps), ...Object.values(commands).flat(), ...ways],
    }
  const command = words.join(' ')
  if (/^(plan|status|show-resources|drift|recover)$/.test(command))
    return { title: `infra ${command}, which only reads`, actions: [...reading, ...(commands[command] ?? [])] }
  if (command === 'create' || command === 'destroy') return { title: `infra ${command}`, actions: steps(config.steps) }
  const own = commands[command]
  if (own) {
    const inside = /^db (add|drop|restore|verify)$/.test(command) ? steps(['rds', 'databases']) : []
    const enters = command.startsWith('db ') && own.includes('secretsmanager:GetSecretValue') ? ways : []
    return { title: `infra ${command}`, actions: [...own, ...inside, ...enters] }
  }
  if (words.every((w) => STEPS.some((s) => s === w)))
    return {
      title: `Step${words.length > 1 ? 's' : ''} ${words.join(', ')}, with the reads of the whole stack`,
      actions: steps(chosenSteps(words, config)),
    }
  const known = [...config.steps, 'plan', 'create', 'destroy', 'status', ...Object.keys(commands)]
  const meant = closest(command, known)
  throw refuse(
    `There is no step and no command ${command} that needs permissions`,
    meant ? `did you mean ${meant}?` : `steps are ${config.steps.join(', ')}; commands are ${Object.keys(commands).join(', ')}`,
    commandLine(g, `permissions ${meant ?? config.steps[0] ?? ''}`.trim()),
  )
}
