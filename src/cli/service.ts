import * as service from '../commands/service/definitions.ts'
import * as sleep from '../commands/sleep/definitions.ts'
import type { Add } from './add.ts'

/** Day two: what is done with what runs. */
export const serviceCommands = (add: Add): void => {
  add(sleep.bastion, async ([verb], f) => (await import('../commands/sleep/bastion.ts')).bastionCommand(verb, f))
  add(service.deploy, async ([name], f) => (await import('../commands/service/deploy.ts')).deployCommand(name, f))
  add(service.rollback, async ([name], f) => (await import('../commands/service/rollback.ts')).rollbackCommand(name, f))
  add(service.logs, async ([name], f) => (await import('../commands/service/logs.ts')).logsCommand(name, f))
  add(service.exec, async ([name, command], f, rest) =>
    (await import('../commands/service/exec.ts')).execCommand(name, rest.length > 0 ? rest : command, f),
  )
  add(service.run, async ([of, command], f, rest) =>
    (await import('../commands/service/run.ts')).runCommand(of, command, rest, f),
  )
  add(service.scale, async (given, f) =>
    (await import('../commands/service/scale.ts')).scaleCommand(
      given.filter((word) => word !== undefined),
      f,
    ),
  )
  add(sleep.stop, async (_, f) => (await import('../commands/sleep/stop.ts')).stopAllCommand(f))
  add(sleep.start, async (_, f) => (await import('../commands/sleep/start.ts')).startAllCommand(f))
  add(service.verify, async ([name], f) => (await import('../commands/service/verify.ts')).verifyServiceCommand(name, f))
}
