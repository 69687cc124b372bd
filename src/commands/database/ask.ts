import type { Server } from '../../aws/sql.ts'
import type { Session } from '../../session/session.ts'
import type { Place } from './address.ts'
import type { Login } from './login.ts'

/** One question to the server over the way that is open already. @returns the column `answer` */
export const ask = async (s: Session, server: Server, place: Place, login: Login, sql: string): Promise<string | undefined> => {
  const [{ tlsFor }, { explainSql }, connect] = await Promise.all([
    import('../../database/tls.ts'),
    import('../../database/errors.ts'),
    server.engine === 'mysql'
      ? import('../../database/mysql-client.ts').then((m) => m.connectMysql)
      : import('../../database/pg-client.ts').then((m) => m.connectPg),
  ])
  const password = login.password.reveal()
  const tls = await tlsFor(server, s.config.databases.caFile)
  const { user, database } = login
  try {
    const connection = await connect({ host: place.host, port: place.port, user, password, database, tls })
    try {
      return await connection.query(sql)
    } finally {
      await connection.close()
    }
  } catch (error) {
    throw explainSql(error, server, user, [password])
  }
}
