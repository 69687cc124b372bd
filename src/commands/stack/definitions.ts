import { define, type FlagsOf } from '../../session/define.ts'

const BUILD = 'Build:'
const LOOK = 'Look:'
const REPAIR = 'Repair:'

export const plan = define('plan [steps...]', {
  group: BUILD,
  about: 'what create would do, with cost and time; changes nothing',
})

export const create = define('create [steps...]', {
  group: BUILD,
  about: 'make the account match the config; without a step: everything',
  options: {
    '--refresh-ip': 'let the SSH rule follow your present address',
    '--retry-upgrade': 'ask again for an upgrade of the database that RDS has refused or given up',
    '--undo-deploys': 'go by infra.yaml where a service runs a release that nobody has recorded (default: keep it)',
    '--no-wait': 'do not wait for what a person must do first (DNS records of a certificate): begin it, and go on later',
    '--snapshot-first': {
      about: 'a snapshot of the database before a change that may need one',
      no: 'none, also before a major upgrade',
    },
  },
})
export type CreateFlags = FlagsOf<typeof create>

export const destroy = define('destroy [steps...]', {
  group: BUILD,
  about: 'take steps down, in reverse order; data has its own question',
  options: {
    '--confirm <project>': 'with --yes: the yes to deleting data, the name of the project',
    '--skip-final-snapshot': 'delete databases without a last snapshot',
    '--adopted': 'delete what was taken in, too',
  },
})
export type DestroyFlags = FlagsOf<typeof destroy>

export const status = define('status', {
  group: LOOK,
  about: 'what is done, what is next, what it costs',
  options: { '--offline': 'from the state file alone, without AWS' },
})
export type StatusFlags = FlagsOf<typeof status>

export const showResources = define('show-resources [steps...]', {
  group: LOOK,
  about: 'every resource with id and live status, the way in, console links',
})

export const drift = define('drift', {
  group: LOOK,
  about: 'what was deleted or altered outside of infra; exit code 3 when there is any',
})

export const cost = define('cost', {
  group: LOOK,
  about: 'a month and a day of it, with and without the options',
  options: { '--refresh': "ask AWS's price list for today's prices first, and keep them for every total" },
})
export type CostFlags = FlagsOf<typeof cost>

export const permissions = define('permissions [steps-or-command...]', {
  group: LOOK,
  about: 'the IAM policy that this stack, a step or a command needs, as JSON',
  options: { '--part <n>': 'only this one of several policies' },
})
export type PermissionsFlags = FlagsOf<typeof permissions>

export const recover = define('recover', {
  group: REPAIR,
  about: 'rebuild a lost state from the tags and names in the account',
})

export const adopt = define('adopt <key> <id>', {
  group: REPAIR,
  about: 'use an existing resource as it is, under a key of the stack',
})

export const unlock = define('unlock', { group: REPAIR, about: 'show who holds the lock, and take it away' })

export const state = define('state <move|rename|forget> <what> [to]', {
  group: REPAIR,
  about:
    'move <place>: the state to s3://bucket/prefix, or local; rename <old> <new>: a service; forget <key>: let go of a resource',
})
