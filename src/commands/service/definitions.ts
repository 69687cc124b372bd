import { define, type FlagsOf } from '../../session/define.ts'

const RUN = 'Run:'

/** A service of the config by its key, or any in the account by cluster and name. */
const WHICH = {
  '--cluster <name>': 'a cluster that infra did not make; with --service',
  '--service <name>': 'a service in it',
} as const
const NO_WAIT = { '--no-wait': 'do not follow the rollout' } as const

export const deploy = define('deploy [service]', {
  group: RUN,
  about: 'a new revision from the running one with only these changes, followed until it is healthy',
  options: {
    ...WHICH,
    '--image <tag>': 'a tag of the present repository, or a whole image',
    '--set-env <K=V>': { about: 'set a variable', many: true },
    '--set-secret <K=secret:KEY>': { about: 'take a variable from a secret', many: true },
    '--unset <K>': { about: 'take a variable away', many: true },
    '--container <name>': 'in this container (default: the one of the application)',
    '--force': 'start new tasks although nothing changed: they read the secrets anew',
    ...NO_WAIT,
  },
})
export type DeployFlags = FlagsOf<typeof deploy>

export const rollback = define('rollback [service]', {
  group: RUN,
  about: 'back to the revision that was deployed and healthy before',
  options: {
    ...WHICH,
    '--to <revision>': 'to this one, for example 7 or web:7',
    '--container <name>': 'the application is this container (default: the one behind the load balancer)',
    ...NO_WAIT,
  },
})
export type RollbackFlags = FlagsOf<typeof rollback>

export const logs = define('logs [service]', {
  group: RUN,
  about: 'the log of all tasks of a service, or of a task of the config, in one, oldest first',
  options: {
    ...WHICH,
    '-f, --follow': 'go on with what comes',
    '--since <time>': { about: 'from then on: 10m, 2h, 1d, or a time', standard: '10m' },
    '--filter <pattern>': 'a CloudWatch Logs filter pattern, for example "ERROR"',
    '--task <id>': 'only of this task: its id, or the beginning of it',
  },
})
export type LogsFlags = FlagsOf<typeof logs>

export const exec = define('exec [service] [command...]', {
  group: RUN,
  about: 'a command, or a shell, in a running task',
  options: {
    ...WHICH,
    '--task <id>': 'in this task (default: the newest)',
    '--container <name>': 'in this container (default: the one of the application)',
  },
})
export type ExecFlags = FlagsOf<typeof exec>

export const run = define('run [definition] [command...]', {
  group: RUN,
  about: 'a one-off task with network, environment and secrets of a service or task; its exit code is passed on',
  options: {
    ...WHICH,
    '--set-env <K=V>': { about: 'a variable for this run', many: true },
    '--container <name>': 'the command is for this container (default: the one of the application)',
    '--force': 'also while the same command still runs',
    '--no-wait': 'start it and leave',
  },
})
export type RunFlags = FlagsOf<typeof run>

export const scale = define('scale [service] [count]', {
  group: RUN,
  about: 'how many tasks of a service run, and what that costs',
  options: { ...WHICH, '--no-wait': 'do not wait until they run' },
})
export type ScaleFlags = FlagsOf<typeof scale>

export const verify = define('verify [service]', {
  group: 'Look:',
  about: 'a checklist after a deploy: tasks, health, environment, log, errors, targets',
  options: {
    ...WHICH,
    '--url <address>': 'the health endpoint (default: that of the load balancer)',
    '--expect <K>': { about: 'a variable that must be in the task definition in use', many: true },
    '--log <phrase>': { about: 'a phrase that the log must hold, or with ! in front must not', many: true },
    '--since <time>': 'for log and errors: 10m, 2h, 1d, or a time (default: since the deployment)',
    '--container <name>': 'of this container (default: the one of the application)',
  },
})
export type VerifyFlags = FlagsOf<typeof verify>
