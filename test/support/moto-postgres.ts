import { inject } from 'vitest'
import { page } from './credentials.ts'
import { startMoto, type TestServer } from './moto.ts'

/** The one local AWS of this run that has a real PostgreSQL behind its databases. Whoever uses it has an account of its own. */
export const motoWithPostgres = async (): Promise<TestServer> => {
  const url = inject('motoPostgresUrl')
  return url ? { url, pid: 0, stop: async () => {} } : startMoto('0', process.env, { postgres: true })
}

/** From now on the databases of this account answer only from inside their network, as on AWS: nobody else gets a word. */
export const hideDatabases = async (url: string, account: string, hidden = true): Promise<void> => {
  const { status, body } = await page(url, '/infra-sandbox/private', JSON.stringify({ account, private: hidden }))
  if (status !== 200) throw new Error(`the sandbox answered ${status}: ${body}`)
}
