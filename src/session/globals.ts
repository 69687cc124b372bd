import { STEPS } from '../config/names.ts'
import { type Io, terminalIo } from '../ui/io.ts'

/** Flags that every command takes. */
export interface Globals {
  readonly config?: string
  readonly env?: string
  /** --env names one that does not exist yet, and that is meant. */
  readonly newEnv?: boolean
  readonly region?: string
  readonly profile?: string
  readonly sandbox?: boolean
  readonly yes?: boolean
  readonly json?: boolean
  readonly color?: boolean
  readonly verbose?: boolean
}

export const ioOf = (g: Globals): Io =>
  terminalIo({ color: g.color !== false, json: g.json === true, yes: g.yes === true, verbose: g.verbose === true })

export const wantsSandbox = (g: Globals): boolean => g.sandbox === true || /^(1|true|yes)$/i.test(process.env.INFRA_SANDBOX ?? '')

/** A command of another program, such as `aws`, with the variables of the sandbox; those of the person's shell stay as they are. */
export const inSandbox = (command: string): string => `(eval "$(infra sandbox env)" && ${command})`

/** The flags with which AWS's own command line looks into the account and region of this call. */
export const awsFlags = (s: {
  readonly config: { readonly region: string }
  readonly g: Globals
  readonly sandbox: boolean
}): string => `--region ${s.config.region}${s.g.profile && !s.sandbox ? ` --profile ${s.g.profile}` : ''}`

/** A command of infra as it would be typed here: with the flags that say which stack, before a command of somebody else (`--`). */
export const commandLine = (g: Globals, words: string): string => {
  const at = words.search(/ -- /)
  const [own, rest] = at < 0 ? [words, ''] : [words.slice(0, at), words.slice(at)]
  return [`infra ${own}`, ...flagsOf(g)].join(' ') + rest
}

const flagsOf = (g: Globals): string[] => [
  ...(g.config ? [`--config ${g.config}`] : []),
  ...(g.env ? [`--env ${g.env}`] : []),
  ...(g.newEnv ? ['--new-env'] : []),
  ...(g.region ? [`--region ${g.region}`] : []),
  ...(g.profile ? [`--profile ${g.profile}`] : []),
  ...(g.sandbox ? ['--sandbox'] : []),
]

const STACK_COMMAND = new RegExp(
  `\\binfra (?:(?:create|show-resources)(?: (?:${STEPS.join('|')}))*|status|plan|drift|start|stop|db \\w+(?: <\\w+>)?)`,
  'g',
)
const SERVICE_COMMAND = /\binfra (deploy|rollback|logs|exec|run|scale|verify)\b(?: <(?:service|task)>)?/g

/**
 * A sentence that names commands of infra, each with the flags of this call: from a sandbox, the bare command would lead to the real
 * account. A command that has its flags already stays.
 * @param of what stands behind the verb of a command about one service: its key, or cluster and name
 */
export const spoken = (g: Globals, text: string, of?: string): string => {
  const stack = (said: string, at: number, whole: string): string =>
    whole.startsWith(' --', at + said.length) ? said : commandLine(g, said.slice('infra '.length))
  const service = (said: string, verb: string, at: number, whole: string): string =>
    /^ --(?:cluster|service) /.test(whole.slice(at + said.length)) ||
    (of !== undefined && whole.startsWith(` ${of}`, at + said.length))
      ? said
      : commandLine(g, [verb, of].filter(Boolean).join(' '))
  return text.replace(STACK_COMMAND, stack).replace(SERVICE_COMMAND, service)
}
