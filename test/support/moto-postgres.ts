import { inject } from 'vitest'
import { startMoto, type TestServer } from './moto.ts'

/** The one local AWS of this run that has a real PostgreSQL behind its databases. Whoever uses it has an account of its own. */
export const motoWithPostgres = async (): Promise<TestServer> => {
  const url = inject('motoPostgresUrl')
  return url ? { url, pid: 0, stop: async () => {} } : startMoto('0', process.env, { postgres: true })
}
