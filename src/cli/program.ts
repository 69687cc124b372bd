import { Command, CommanderError, Option } from 'commander'
import { DEFAULT_STEPS, OPTIONAL_STEPS } from '../config/names.ts'
import { InfraError } from '../core/errors.ts'
import { safeJson, safeScreen } from '../core/safe.ts'
import { adder } from './add.ts'
import { databaseCommands } from './database.ts'
import { serviceCommands } from './service.ts'
import { otherCommands, stackCommands } from './stack.ts'

declare const INFRA_VERSION: string

const GLOBAL_GROUP = 'Everywhere'

/** Only names, flags and help: a command's code, and the SDK clients that it needs, load when it runs. */
export const program = (run: (work: () => Promise<number>) => Promise<void>, rest: string[] = []): Command => {
  const cli = new Command('infra')
    .description('Stand up a whole AWS stack, see what it costs and takes before it happens, and take it down again.')
    .version(INFRA_VERSION, '-V, --version')
    .usage('<command> [step...] [flags]')
    .showSuggestionAfterError(true)
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true })
    .helpCommand(false)
    .helpOption('-h, --help', 'show help')
    .showHelpAfterError('Next: infra --help')
    .exitOverride()
  cli.optionsGroup(GLOBAL_GROUP)
  const everywhere = (flags: string, text: string): void => {
    cli.addOption(new Option(flags, text))
  }
  everywhere('--config <file>', 'the config (default: infra.yaml in this folder)')
  everywhere('--env <name>', 'the environment (default: the one in the config)')
  everywhere('--new-env', 'with --env: yes, an environment that does not exist yet')
  everywhere('--region <name>', 'the AWS region (default: the one in the config)')
  everywhere('--profile <name>', 'a profile of the AWS CLI')
  everywhere('--sandbox', 'a local AWS instead of the real one: no account, no cost')
  everywhere('-y, --yes', 'ask nothing; what needs its own yes is refused unless its flag is there')
  everywhere('--json', 'data on stdout, for programs')
  everywhere('--no-color', 'no colours (NO_COLOR works too)')
  everywhere('--verbose', 'every AWS call, and stack traces')
  cli.addHelpText(
    'after',
    `\nBegin: infra init, then infra create. To try it without an account: infra create --sandbox\nSteps, in order: ${DEFAULT_STEPS.join(', ')}. Those that infra.yaml has to name:\n${OPTIONAL_STEPS.join(', ')} (the preset startupwebapp names all but the bastion)`,
  )

  const add = adder(cli, run, rest)
  stackCommands(add)
  const db = cli.command('db').alias('databases').description('the databases: list, connect, backup, stop, ...').helpGroup('Run:')
  db.usage('<command> [flags]').helpCommand(false)
  databaseCommands(add)
  serviceCommands(add)
  otherCommands(add)
  return cli
}

/** Runs one command line. @returns the exit code: 0 done, 1 failed, 2 refused, 130 interrupted */
export const main = async (argv: readonly string[]): Promise<number> => {
  // `infra create | head`: whoever read along is gone; the run itself must go on to its end.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  let code = 0
  const verbose = argv.includes('--verbose')
  // Prompts and spinners bring their own colours; this is what they all heed.
  if (argv.includes('--no-color')) process.env.NO_COLOR = '1'
  try {
    // What stands behind -- is somebody else's command line, whatever is left out before it.
    const at = argv.indexOf('--')
    const own = at < 0 ? argv : argv.slice(0, at)
    const cli = program(
      async (work) => {
        await (await import('../session/price-cache.ts')).loadPrices()
        code = await work()
      },
      at < 0 ? [] : argv.slice(at + 1),
    )
    if (argv.length === 0) {
      cli.outputHelp()
      return 0
    }
    // As git and npm have it: `infra help create`.
    await cli.parseAsync(own[0] === 'help' ? [...own.slice(1), '--help'] : [...own], { from: 'user' })
    return code
  } catch (error) {
    const json = argv.includes('--json')
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0
      if (json) report(new InfraError(error.message.replace(/^error: /, ''), { exitCode: 2, code: 'usage' }))
      return 2
    }
    return complain(error, verbose, json)
  }
}

/** For a program: the last line on stdout, beside the sentence on stderr. */
const report = ({ code, what, why, next, exitCode }: InfraError): void => {
  process.stdout.write(`${safeJson({ type: 'error', code, what, why: why ?? null, next: next ?? null, exitCode })}\n`)
}

const complain = async (error: unknown, verbose: boolean, json: boolean): Promise<number> => {
  if (error instanceof Error && error.name === 'ExitPromptError') {
    process.stderr.write('\nNothing was changed in the account.\n')
    return 130
  }
  let known = error
  if (!(error instanceof InfraError)) {
    const { explain } = await import('../aws/explain.ts')
    known = explain(error, { sandbox: false, region: process.env.AWS_REGION ?? 'the region in use' })
  }
  const e = known as InfraError
  const say = (text: string): boolean => process.stderr.write(`${safeScreen(text, false)}\n`)
  say(`${e.what}${e.why ? `${/[.:]$/.test(e.what) ? '' : ':'} ${e.why}` : ''}${/[.!?]$/.test(e.why ?? e.what) ? '' : '.'}`)
  for (const text of e.details) say(`  ${text}`)
  if (e.next) say(`Next: ${e.next}`)
  if (verbose && error instanceof Error) say(`${error.stack}${e.cause instanceof Error ? `\n${e.cause.stack}` : ''}`)
  if (json) report(e)
  return e.exitCode
}
