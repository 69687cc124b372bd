import { define, type FlagsOf } from '../../session/define.ts'

/** Another way into the server than the one in the config. */
const VIA = { '--via <way>': 'direct, ssm or task, whatever databases.via says' } as const
const CONFIRM = 'with --yes: the yes to deleting data, the name of the'

export const tunnel = define('db tunnel', {
  about: 'keep a way to the server open, with the line to connect by',
  options: { ...VIA, '--port <number>': 'the port on this machine (default: a free one)' },
})
export type TunnelFlags = FlagsOf<typeof tunnel>

export const connect = define('db connect [name]', {
  about: 'an SQL prompt in a database',
  options: { ...VIA, '--role <app|master>': 'as whom (default: app)' },
})
export type ConnectFlags = FlagsOf<typeof connect>

export const credentials = define('db credentials', {
  about: 'where the credentials are; the values only with --reveal',
  options: {
    '--reveal': 'print the values',
    '--key <name>': 'one key only, for example password',
    '--database <name>': 'with a role for each database: which one',
  },
})
export type CredentialsFlags = FlagsOf<typeof credentials>

export const databases = define('db list', { about: 'the databases with owners and who is connected', options: VIA })

export const add = define('db add <name>', { about: 'one more database: in infra.yaml and in the server', options: VIA })

export const drop = define('db drop <name>', {
  about: 'delete a database with all that is in it; asks for its name',
  options: { ...VIA, '--confirm <name>': `${CONFIRM} database`, '--force': 'also while somebody is connected' },
})
export type DropFlags = FlagsOf<typeof drop>

export const verify = define('db verify', {
  about: 'look into the server: roles, owners, and that nobody gets where he should not',
  options: { ...VIA, '--result <file>': 'what the SQL file printed, instead of looking (- is standard input)' },
})
export type VerifyFlags = FlagsOf<typeof verify>

export const snapshot = define('db snapshot [name]', { about: 'a snapshot of the whole server; stays until it is deleted' })

export const snapshotDelete = define('db snapshot delete <name>', {
  about: 'delete a manual snapshot of this stack; asks for its name',
  options: { '--confirm <name>': `${CONFIRM} snapshot` },
})

export const snapshots = define('db snapshots', { about: 'the snapshots of the server, with age, size and price' })

export const restore = define('db restore [snapshot]', {
  about: 'a new server from a snapshot or as of a point in time, beside the one that runs',
  options: {
    '--as <id>': { about: 'the identifier of the new server', required: true },
    '--to-time <when>': 'the server as of this second: 2026-11-30T10:15:00Z, or how long ago: 90m, 2h',
    '--latest': 'the server as of the latest moment that AWS can restore (about five minutes ago)',
  },
})
export type RestoreFlags = FlagsOf<typeof restore>

export const backup = define('db backup [name]', {
  about: 'pg_dump of one database, or of all, into a file or a bucket',
  options: {
    ...VIA,
    '--to <place>': 'a file, a folder or s3://bucket/key (default: a file with the date in this folder)',
    '--all': 'every database of infra.yaml, each into a file of its own',
  },
})
export type BackupFlags = FlagsOf<typeof backup>

export const load = define('db load <name> <from>', {
  about: 'restore a backup into a database',
  options: { ...VIA, '--confirm <name>': 'with --yes: the yes to changing data, the name of the database' },
})
export type LoadFlags = FlagsOf<typeof load>

export const stop = define('db stop', { about: 'stop the server: what it saves, and when AWS starts it again' })

export const failover = define('db failover', { about: 'the standby in the other zone takes over; only with Multi-AZ' })

export const reboot = define('db reboot', {
  about: 'restart the server: parameters that wait for it hold afterwards',
  options: { '--with-failover': 'through the standby: the same as infra db failover' },
})
export type RebootFlags = FlagsOf<typeof reboot>

export const start = define('db start', { about: 'start the server again' })

export const rotatePassword = define('db rotate-password', {
  about: 'a new password, in the server and in the secret; safe to repeat',
  options: { ...VIA, '--role <name>': 'app, master, or a database of its own role (default: app)' },
})
export type RotateFlags = FlagsOf<typeof rotatePassword>
