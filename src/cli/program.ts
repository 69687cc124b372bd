import { Command, CommanderError, Option } from 'commander'
import { InfraError } from '../core/errors.ts'
import { safeScreen } from '../core/safe.ts'
import type { Globals } from '../session/globals.ts'
import { dbCommands } from './database.ts'
import { runCommands } from './service.ts'

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
    '\nBegin: infra init, then infra create. To try it without an account: infra create --sandbox\nSteps, in order: vpc, security-groups, secrets, rds, databases, monitoring. Those that infra.yaml has to name:\nbastion, registry, load-balancer, ecs, autoscaling (the preset startupwebapp names all but the bastion)',
  )

  const below = <F extends Globals>(
    parent: Command,
    usage: string,
    text: string,
    load: (names: string[], flags: F, rest: string[]) => Promise<number>,
  ): Command => {
    const sub = parent.command(usage).description(text)
    sub.showHelpAfterError(`Next: ${wordsOf(sub)} --help`)
    sub.action((...args: unknown[]) => {
      const given = args
        .slice(0, sub.registeredArguments.length)
        .flat()
        .filter((a): a is string => typeof a === 'string')
      return run(() => load(given, sub.optsWithGlobals() as F, rest))
    })
    return sub
  }
  const command = <F extends Globals>(
    usage: string,
    group: string,
    text: string,
    load: (names: string[], flags: F, rest: string[]) => Promise<number>,
  ): Command => below<F>(cli, usage, text, load).helpGroup(group)
  const many = (value: string, before: string[]): string[] => [...before, value]

  command<Globals & { set: string[] }>('init', 'Build:', 'write infra.yaml: asks what is needed', async (_, f) =>
    (await import('../commands/init/init.ts')).initCommand(f),
  )
    .option('--preset <name>', 'begin with a preset: startupwebapp')
    .option('--set <key=value>', 'set a key, for example vpc.nat=single; can be repeated', many, [])
    .option('--force', 'write over an infra.yaml that is there')
  command('plan [steps...]', 'Build:', 'what create would do, with cost and time; changes nothing', async (n, f) =>
    (await import('../commands/stack/plan.ts')).planCommand(n, f),
  )
  command('create [steps...]', 'Build:', 'make the account match the config; without a step: everything', async (n, f) =>
    (await import('../commands/stack/create.ts')).createCommand(n, f, {
      init: async (g) => (await import('../commands/init/init.ts')).initIfMissing(g),
    }),
  )
    .option('--refresh-ip', 'let the SSH rule follow your present address')
    .option('--undo-deploys', 'go by infra.yaml where a service runs a release that nobody has recorded (default: keep it)')
    .option('--no-wait', 'do not wait for what a person must do first (DNS records of a certificate): begin it, and go on later')
    .option('--snapshot-first', 'a snapshot of the database before a change that may need one')
    .option('--no-snapshot-first', 'none, also before a major upgrade')
  command('destroy [steps...]', 'Build:', 'take steps down, in reverse order; data has its own question', async (n, f) =>
    (await import('../commands/stack/destroy.ts')).destroyCommand(n, f),
  )
    .option('--confirm <project>', 'with --yes: the yes to deleting data, the name of the project')
    .option('--skip-final-snapshot', 'delete databases without a last snapshot')
    .option('--adopted', 'delete what was taken in, too')
  command('status', 'Look:', 'what is done, what is next, what it costs', async (_, f) =>
    (await import('../commands/stack/status.ts')).statusCommand(f),
  ).option('--offline', 'from the state file alone, without AWS')
  command(
    'show-resources [steps...]',
    'Look:',
    'every resource with id and live status, the way in, console links',
    async (n, f) => (await import('../commands/stack/show-resources.ts')).showResourcesCommand(n, f),
  )
  command('drift', 'Look:', 'what was deleted or altered outside of infra; exit code 3 when there is any', async (_, f) =>
    (await import('../commands/stack/drift.ts')).driftCommand(f),
  )
  command('cost', 'Look:', 'a month and a day of it, with and without the options', async (_, f) =>
    (await import('../commands/stack/cost.ts')).costCommand(f),
  ).option('--refresh', "ask AWS's price list for today's prices first, and keep them for every total")
  command<Globals & { part?: string }>(
    'permissions [steps-or-command...]',
    'Look:',
    'the IAM policy that this stack, a step or a command needs, as JSON',
    async (n, f) => (await import('../commands/stack/permissions.ts')).permissionsCommand(n, f),
  ).option('--part <n>', 'only this one of several policies')
  const db = cli.command('db').alias('databases').description('the databases: list, connect, backup, stop, ...').helpGroup('Run:')
  dbCommands(db.usage('<command> [flags]').helpCommand(false), below)
  command('bastion <stop|start>', 'Run:', 'put the bastion to sleep while nobody needs it, and wake it', async ([verb = ''], f) =>
    (await import('../commands/sleep/bastion.ts')).bastionCommand(verb, f),
  )
  runCommands(command)
  command('recover', 'Mend:', 'rebuild a lost state from the tags and names in the account', async (_, f) =>
    (await import('../commands/stack/recover.ts')).recoverCommand(f),
  )
  command(
    'adopt <key> <id>',
    'Mend:',
    'use an existing resource as it is, under a key of the stack',
    async ([key = '', id = ''], f) => (await import('../commands/stack/adopt.ts')).adoptCommand(key, id, f),
  )
  command('unlock', 'Mend:', 'show who holds the lock, and take it away', async (_, f) =>
    (await import('../commands/stack/unlock.ts')).unlockCommand(f),
  )
  command(
    'state <move|rename|forget> <what> [to]',
    'Mend:',
    'move <place>: the state to s3://bucket/prefix, or local; rename <old> <new>: a service; forget <key>: let go of a resource',
    async (words, f) => (await import('../commands/stack/state.ts')).stateCommand(words, f),
  )
  command<Globals & { fast?: boolean; privateDatabases?: boolean }>(
    'sandbox <start|stop|status|reset|env|push> [image]',
    'Try:',
    'the local AWS behind --sandbox; push puts an image into its registry',
    async ([verb = '', image], f) => (await import('../commands/sandbox/sandbox.ts')).sandboxCommand(verb, f, image),
  )
    .option('--fast', 'with start: nothing takes any time')
    .option('--private-databases', 'with start: databases answer only from inside their network, as on AWS')
  return cli
}

/** `infra db snapshot delete`: what a person types for it. */
const wordsOf = (command: Command): string => `${command.parent ? `${wordsOf(command.parent)} ` : ''}${command.name()}`

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
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    return complain(error, verbose)
  }
}

const complain = async (error: unknown, verbose: boolean): Promise<number> => {
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
  if (e.next) say(`Next: ${e.next}`)
  if (verbose && error instanceof Error) say(`${error.stack}${e.cause instanceof Error ? `\n${e.cause.stack}` : ''}`)
  return e.exitCode
}
