import * as db from '../commands/database/definitions.ts'
import type { Add } from './add.ts'

/** `infra db ...`: the databases, day after day. */
export const databaseCommands = (add: Add): void => {
  add(db.tunnel, async (_, f) => (await import('../commands/database/tunnel.ts')).tunnelCommand(f))
  add(db.connect, async ([name], f) => (await import('../commands/database/connect.ts')).connectCommand(name, f))
  add(db.credentials, async (_, f) => (await import('../commands/database/credentials.ts')).credentialsCommand(f))
  add(db.databases, async (_, f) => (await import('../commands/database/list.ts')).listCommand(f))
  add(db.add, async ([name], f) =>
    (await import('../commands/database/add.ts')).addCommand(
      name,
      f,
      (await import('../commands/stack/create.ts')).createCommand,
    ),
  )
  add(db.drop, async ([name], f) => (await import('../commands/database/drop.ts')).dropCommand(name, f))
  add(db.verify, async (_, f) => (await import('../commands/database/verify.ts')).verifyCommand(f))
  add(db.snapshot, async ([name], f) => (await import('../commands/database/snapshots.ts')).snapshotCommand(name, f))
  add(db.snapshotDelete, async ([name], f) =>
    (await import('../commands/database/snapshot-delete.ts')).snapshotDeleteCommand(name, f),
  )
  add(db.snapshots, async (_, f) => (await import('../commands/database/snapshot-list.ts')).snapshotsCommand(f))
  add(db.restore, async ([name], f) => (await import('../commands/database/restore.ts')).restoreCommand(name, f))
  add(db.backup, async ([name], f) => (await import('../commands/database/backup.ts')).backupCommand(name, f))
  add(db.load, async ([name, from], f) => (await import('../commands/database/backup.ts')).loadCommand(name, from, f))
  add(db.stop, async (_, f) => (await import('../commands/database/stop.ts')).stopCommand(f))
  add(db.failover, async (_, f) => (await import('../commands/database/failover.ts')).failoverCommand(f))
  add(db.reboot, async (_, f) => (await import('../commands/database/reboot.ts')).rebootCommand(f))
  add(db.start, async (_, f) => (await import('../commands/database/stop.ts')).startCommand(f))
  add(db.rotatePassword, async (_, f) => (await import('../commands/database/rotate.ts')).rotateCommand(f))
}
