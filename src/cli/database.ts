import type { Command } from 'commander'
import type { Globals } from '../session/globals.ts'

/** Another way into the server than the one in the config. */
export interface ViaFlag extends Globals {
  readonly via?: string
}

type Add = <F extends Globals>(
  under: Command,
  usage: string,
  text: string,
  load: (names: string[], flags: F) => Promise<number>,
) => Command

/** `infra db ...`: the databases, day after day. */
export const dbCommands = (db: Command, add: Add): void => {
  const via = (c: Command): Command => c.option('--via <way>', 'direct, ssm or task, whatever databases.via says')

  via(
    add<ViaFlag & { port?: string }>(db, 'tunnel', 'keep a way to the server open, with the line to connect by', async (_, f) =>
      (await import('../commands/database/tunnel.ts')).tunnelCommand(f),
    ),
  ).option('--port <number>', 'the port on this machine (default: a free one)')
  via(
    add<ViaFlag & { role?: string }>(db, 'connect [name]', 'an SQL prompt in a database', async ([name], f) =>
      (await import('../commands/database/connect.ts')).connectCommand(name, f),
    ),
  ).option('--role <app|master>', 'as whom (default: app)')
  add<Globals & { reveal?: boolean; key?: string; database?: string }>(
    db,
    'credentials',
    'where the credentials are; the values only with --reveal',
    async (_, f) => (await import('../commands/database/credentials.ts')).credentialsCommand(f),
  )
    .option('--reveal', 'print the values')
    .option('--key <name>', 'one key only, for example password')
    .option('--database <name>', 'with a role for each database: which one')
  via(
    add<ViaFlag>(db, 'list', 'the databases with owners and who is connected', async (_, f) =>
      (await import('../commands/database/list.ts')).listCommand(f),
    ),
  )
  via(
    add<ViaFlag>(db, 'add <name>', 'one more database: in infra.yaml and in the server', async ([name = ''], f) =>
      (await import('../commands/database/add.ts')).addCommand(
        name,
        f,
        (await import('../commands/stack/create.ts')).createCommand,
      ),
    ),
  )
  via(
    add<ViaFlag & { confirm?: string; force?: boolean }>(
      db,
      'drop <name>',
      'delete a database with all that is in it; asks for its name',
      async ([name = ''], f) => (await import('../commands/database/drop.ts')).dropCommand(name, f),
    ),
  )
    .option('--confirm <name>', 'with --yes: the yes to deleting data, the name of the database')
    .option('--force', 'also while somebody is connected')
  via(
    add<ViaFlag & { result?: string }>(
      db,
      'verify',
      'look into the server: roles, owners, and that nobody gets where he should not',
      async (_, f) => (await import('../commands/database/verify.ts')).verifyCommand(f),
    ),
  ).option('--result <file>', 'what the SQL file printed, instead of looking (- is standard input)')
  const snapshot = add(db, 'snapshot [name]', 'a snapshot of the whole server; stays until it is deleted', async ([name], f) =>
    (await import('../commands/database/snapshots.ts')).snapshotCommand(name, f),
  )
  add<Globals & { confirm?: string }>(
    snapshot,
    'delete <name>',
    'delete a manual snapshot of this stack; asks for its name',
    async ([name = ''], f) => (await import('../commands/database/snapshot-delete.ts')).snapshotDeleteCommand(name, f),
  ).option('--confirm <name>', 'with --yes: the yes to deleting data, the name of the snapshot')
  add(db, 'snapshots', 'the snapshots of the server, with age, size and price', async (_, f) =>
    (await import('../commands/database/snapshot-list.ts')).snapshotsCommand(f),
  )
  add<Globals & { as: string; toTime?: string; latest?: boolean }>(
    db,
    'restore [snapshot]',
    'a new server from a snapshot or as of a point in time, beside the one that runs',
    async ([name], f) => (await import('../commands/database/restore.ts')).restoreCommand(name, f),
  )
    .requiredOption('--as <id>', 'the identifier of the new server')
    .option('--to-time <when>', 'the server as of this second: 2026-11-30T10:15:00Z, or how long ago: 90m, 2h')
    .option('--latest', 'the server as of the latest moment that AWS can restore (about five minutes ago)')
  via(
    add<ViaFlag & { to?: string; all?: boolean }>(
      db,
      'backup [name]',
      'pg_dump of one database, or of all, into a file or a bucket',
      async ([name], f) => (await import('../commands/database/backup.ts')).backupCommand(name, f),
    ),
  )
    .option('--to <place>', 'a file, a folder or s3://bucket/key (default: a file with the date in this folder)')
    .option('--all', 'every database of infra.yaml, each into a file of its own')
  via(
    add<ViaFlag & { confirm?: string }>(
      db,
      'load <name> <from>',
      'restore a backup into a database',
      async ([name = '', from = ''], f) => (await import('../commands/database/backup.ts')).loadCommand(name, from, f),
    ),
  ).option('--confirm <name>', 'with --yes: the yes to changing data, the name of the database')
  add(db, 'stop', 'stop the server: what it saves, and when AWS starts it again', async (_, f) =>
    (await import('../commands/database/stop.ts')).stopCommand(f),
  )
  add(db, 'failover', 'the standby in the other zone takes over; only with Multi-AZ', async (_, f) =>
    (await import('../commands/database/failover.ts')).failoverCommand(f),
  )
  add<Globals & { withFailover?: boolean }>(
    db,
    'reboot',
    'restart the server: parameters that wait for it hold afterwards',
    async (_, f) => (await import('../commands/database/reboot.ts')).rebootCommand(f),
  ).option('--with-failover', 'through the standby: the same as infra db failover')
  add(db, 'start', 'start the server again', async (_, f) => (await import('../commands/database/stop.ts')).startCommand(f))
  via(
    add<ViaFlag & { role?: string }>(
      db,
      'rotate-password',
      'a new password, in the server and in the secret; safe to repeat',
      async (_, f) => (await import('../commands/database/rotate.ts')).rotateCommand(f),
    ),
  ).option('--role <name>', 'app, master, or a database of its own role (default: app)')
}
