import { type Command, Option } from 'commander'
import type { Globals } from '../session/globals.ts'

/** Which service: one of the config by its key, or any in the account by cluster and name. */
export interface ServiceFlags extends Globals {
  readonly cluster?: string
  readonly service?: string
}

type Add = <F extends Globals>(
  usage: string,
  group: string,
  text: string,
  load: (names: string[], flags: F, rest: string[]) => Promise<number>,
) => Command

const GROUP = 'Run:'
/** Can be given several times. */
const many = (flags: string, text: string): Option =>
  new Option(flags, `${text}; can be repeated`).default([], 'none').argParser((value, before: string[]) => [...before, value])

/** Day two: what is done with what runs. */
export const runCommands = (add: Add): void => {
  const anywhere = (c: Command): Command =>
    c
      .option('--cluster <name>', 'a cluster that infra did not make; with --service')
      .option('--service <name>', 'a service in it')
  anywhere(
    add<
      ServiceFlags & { image?: string; setEnv: string[]; setSecret: string[]; unset: string[]; force?: boolean; wait?: boolean }
    >(
      'deploy [service]',
      GROUP,
      'a new revision from the running one with only these changes, followed until it is healthy',
      async ([service], f) => (await import('../commands/service/deploy.ts')).deployCommand(service, f),
    ),
  )
    .option('--image <tag>', 'a tag of the present repository, or a whole image')
    .addOption(many('--set-env <K=V>', 'set a variable'))
    .addOption(many('--set-secret <K=secret:KEY>', 'take a variable from a secret'))
    .addOption(many('--unset <K>', 'take a variable away'))
    .option('--container <name>', 'in this container (default: the one of the application)')
    .option('--force', 'start new tasks although nothing changed: they read the secrets anew')
    .option('--no-wait', 'do not follow the rollout')
  anywhere(
    add<ServiceFlags & { to?: string; container?: string; wait?: boolean }>(
      'rollback [service]',
      GROUP,
      'back to the revision that was deployed and healthy before',
      async ([service], f) => (await import('../commands/service/rollback.ts')).rollbackCommand(service, f),
    ),
  )
    .option('--to <revision>', 'to this one, for example 7 or web:7')
    .option('--container <name>', 'the application is this container (default: the one behind the load balancer)')
    .option('--no-wait', 'do not follow the rollout')
  anywhere(
    add<ServiceFlags & { follow?: boolean; since?: string; filter?: string; task?: string }>(
      'logs [service]',
      GROUP,
      'the log of all tasks of a service, or of a task of the config, in one, oldest first',
      async ([service], f) => (await import('../commands/service/logs.ts')).logsCommand(service, f),
    ),
  )
    .option('-f, --follow', 'go on with what comes')
    .option('--since <time>', 'from then on: 10m, 2h, 1d, or a time', '10m')
    .option('--filter <pattern>', 'a CloudWatch Logs filter pattern, for example "ERROR"')
    .option('--task <id>', 'only of this task: its id, or the beginning of it')
  anywhere(
    add<ServiceFlags & { task?: string; container?: string }>(
      'exec [service] [command...]',
      GROUP,
      'a command, or a shell, in a running task',
      async ([service, ...command], f, rest) =>
        (await import('../commands/service/exec.ts')).execCommand(service, rest.length > 0 ? rest : command, f),
    ),
  )
    .option('--task <id>', 'in this task (default: the newest)')
    .option('--container <name>', 'in this container (default: the one of the application)')
  anywhere(
    add<ServiceFlags & { setEnv: string[]; container?: string; force?: boolean; wait?: boolean }>(
      'run [definition] [command...]',
      GROUP,
      'a one-off task with network, environment and secrets of a service or task; its exit code is passed on',
      async ([of, ...command], f, rest) => (await import('../commands/service/run.ts')).runCommand(of, command, rest, f),
    ),
  )
    .addOption(many('--set-env <K=V>', 'a variable for this run'))
    .option('--container <name>', 'the command is for this container (default: the one of the application)')
    .option('--force', 'also while the same command still runs')
    .option('--no-wait', 'start it and leave')
  anywhere(
    add<ServiceFlags & { wait?: boolean }>(
      'scale [service] [count]',
      GROUP,
      'how many tasks of a service run, and what that costs',
      async (given, f) => (await import('../commands/service/scale.ts')).scaleCommand(given, f),
    ),
  ).option('--no-wait', 'do not wait until they run')
  add(
    'stop',
    GROUP,
    'the database and all services to sleep: what it saves, and when AWS starts the database again',
    async (_, f) => (await import('../commands/sleep/stop.ts')).stopAllCommand(f),
  )
  add('start', GROUP, 'all that was stopped, as it was', async (_, f) =>
    (await import('../commands/sleep/start.ts')).startAllCommand(f),
  )
  anywhere(
    add<ServiceFlags & { url?: string; expect: string[]; log: string[]; since?: string; container?: string }>(
      'verify [service]',
      'Look:',
      'a checklist after a deploy: tasks, health, environment, log, errors, targets',
      async ([service], f) => (await import('../commands/service/verify.ts')).verifyServiceCommand(service, f),
    ),
  )
    .option('--url <address>', 'the health endpoint (default: that of the load balancer)')
    .addOption(many('--expect <K>', 'a variable that must be in the task definition in use'))
    .addOption(many('--log <phrase>', 'a phrase that the log must hold, or with ! in front must not'))
    .option('--since <time>', 'for log and errors: 10m, 2h, 1d, or a time (default: since the deployment)')
    .option('--container <name>', 'of this container (default: the one of the application)')
  add<Globals & { format?: string; reveal?: boolean; database?: string; offline?: boolean }>(
    'env',
    'Look:',
    'what an application needs to know, under its own names',
    async (_, f) => (await import('../commands/env/env.ts')).envCommand(f),
  )
    .option('--format <name>', 'dotenv (if nothing is said), json or shell')
    .option('--reveal', 'with the values of the secrets, instead of where they are')
    .option('--database <name>', 'for this database of the config')
    .option('--offline', 'from the state alone, without a look at the ARNs of the secrets')
}
