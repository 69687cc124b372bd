import { afterEach, beforeEach } from 'vitest'
import type { Server } from '../../src/aws/sql.ts'
import { type OpenSql, openSql } from '../../src/database/open.ts'
import { type StandIn, startStandIn } from './mysql-stand-in.ts'
import { Secrets } from './support.ts'

export const APP = "Pass'word 0of0app"

interface MysqlPlace {
  readonly standIn: StandIn
  readonly sql: OpenSql
  readonly server: Server
}

/** A stand-in for each test, and secrets: those of the master user and of `app`. */
export const mysqlPlaces = () => {
  const secrets = new Secrets()
  const password = secrets.give('of app', APP)
  let place: MysqlPlace | undefined
  beforeEach(async () => {
    const standIn = await startStandIn({ admin: 'Master0Password', app: APP })
    secrets.values.master = { master_username: 'admin', master_password: 'Master0Password' }
    const sql = openSql({ aws: secrets.aws, way: { via: 'direct', close: async () => {} } })
    const server: Server = { id: 'shop-db', engine: 'mysql', host: '127.0.0.1', port: standIn.port, secret: 'master' }
    place = { standIn, sql, server }
  })
  afterEach(async () => {
    await place?.sql.close()
    await place?.standIn.close()
  })
  const at = (): MysqlPlace => {
    if (!place) throw new Error('asked for outside of a test')
    return place
  }
  return { secrets, password, at }
}
