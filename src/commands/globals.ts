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

/** A command of infra as it would be typed here: with the flags that say which stack. */
export const commandLine = (g: Globals, words: string): string =>
  [
    'infra',
    words,
    ...(g.config ? [`--config ${g.config}`] : []),
    ...(g.env ? [`--env ${g.env}`] : []),
    ...(g.newEnv ? ['--new-env'] : []),
    ...(g.region ? [`--region ${g.region}`] : []),
    ...(g.profile ? [`--profile ${g.profile}`] : []),
    ...(g.sandbox ? ['--sandbox'] : []),
  ].join(' ')
