import type { Server } from '../../aws/sql.ts'
import { dbLine, openDb, serverAt } from '../../session/database.ts'
import type { Session } from '../../session/session.ts'
import { giveTerminal, stoppable } from '../../session/stoppable.ts'
import type { Place } from './address.ts'
import { addressFor } from './address.ts'
import type { ConnectFlags } from './definitions.ts'
import { type As, databaseFor, type Login, loginFor, roleFlag } from './login.ts'
import { findTool, howToInstall, mysqlArgs, toolEnv, toolOrRefuse } from './tools.ts'

/** An SQL prompt in a database: psql or mysql, and where there is no psql, a small one of our own. @returns the program's exit code */
export const connectCommand = async (name: string | undefined, flags: ConnectFlags): Promise<number> => {
  const as: As = roleFlag(flags.role)
  const words = `connect${name === undefined ? '' : ` ${name}`}${as === 'app' ? '' : ' --role master'}`
  const s = await openDb(flags, { words, use: 'stream' })
  try {
    const database = await databaseFor(s, name, as, 'connect')
    const server = await serverAt(s)
    const login = await loginFor(s, server, as, database)
    const place = await stoppable(s, (signal) => addressFor(s, server, { signal }))
    try {
      return server.engine === 'mysql'
        ? await mysql(s, server, place, login, dbLine(flags, words))
        : await postgres(s, server, place, login)
    } finally {
      await place.close()
    }
  } finally {
    await s.close()
  }
}

const postgres = async (s: Session, server: Server, place: Place, login: Login): Promise<number> => {
  const psql = await findTool('psql')
  if (psql) {
    greet(s, server, login)
    return giveTerminal(s, psql.file, [], await toolEnv(s, server, place, login, { prompt: true }))
  }
  s.io.note(
    s.io.c.dim(
      `There is no psql on this machine, so this is a small prompt of infra's own. For psql: ${howToInstall('postgres')}`,
    ),
  )
  greet(s, server, login)
  const { prompt } = await import('./prompt.ts')
  return prompt(s, server, place, login)
}

const mysql = async (s: Session, server: Server, place: Place, login: Login, again: string): Promise<number> => {
  const tool = await toolOrRefuse('mysql', 'mysql', again)
  const args = await mysqlArgs(s, server, place, login, tool.mariadb)
  greet(s, server, login)
  return giveTerminal(s, tool.file, [...args, login.database], await toolEnv(s, server, place, login, { prompt: true }))
}

/** Not where something is piped in: then there is nothing to see but the answer. */
const greet = (s: Session, server: Server, login: Login): void => {
  if (process.stdin.isTTY) s.io.note(s.io.c.dim(`${login.database} on ${server.id} as ${login.user}, ${s.inside.via}`))
}
