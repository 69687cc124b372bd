import { join } from 'node:path'
import { findServer } from '../../src/sandbox/postgres.ts'
import { findPython } from '../../src/sandbox/python.ts'
import { end, launch } from '../../src/sandbox/server.ts'
import { credentials } from '../support/credentials.ts'
import { forkIfAny } from '../support/moto-fork.ts'
import { copyOfCli } from './home.ts'
import type { Ground } from './life.ts'

/**
 * A local AWS of its own for the work, which ends with it.
 * @param folder for the server, the CLI and the homes
 * @param postgres whether a PostgreSQL is behind its databases
 */
export const withServer = async <T>(
  { root, folder, postgres }: { root: string; folder: string; postgres: boolean },
  work: (ground: Ground) => Promise<T>,
): Promise<T> => {
  const env = { ...process.env, INFRA_CACHE_DIR: folder, PIP_NO_INDEX: '1', npm_config_offline: 'true' }
  const start = forkIfAny()
  const python = start ? '' : (await findPython({ env })).path
  const extension = join(root, 'src/sandbox/moto_ext')
  const programs = postgres ? await findServer({ env }) : undefined
  const { url, pid } = await launch({
    python,
    start,
    seconds: '0',
    folder,
    extension,
    postgres: programs,
    credentials,
    detached: false,
  })
  try {
    return await work({ bin: copyOfCli(root, folder), folder, server: url })
  } finally {
    await end(pid)
  }
}

/** The whole number after a flag of the command line. */
export const numberAfter = (flag: string, otherwise: number): number => {
  const at = process.argv.indexOf(flag)
  if (at < 0) return otherwise
  const value = Number(process.argv[at + 1])
  if (!Number.isInteger(value) || value < 1) throw new Error(`${flag} wants a whole number from 1 on`)
  return value
}
