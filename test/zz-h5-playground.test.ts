import { writeFileSync, existsSync, rmSync } from 'node:fs'
import { it } from 'vitest'
import { startMoto } from './support/moto.ts'
import { freshAccount } from './support/account.ts'
it('runs', async () => {
  const m = await startMoto('0', process.env, { postgres: true })
  const a = await freshAccount(m.url)
  rmSync('/tmp/h5/stop', { force: true })
  writeFileSync('/tmp/h5/env.sh', Object.entries({...a.env, AWS_ENDPOINT_URL: m.url, INFRA_LOOPBACK_ONLY:'1', INFRA_CACHE_DIR:'/tmp/h5/cache'}).map(([k,v])=>`export ${k}='${v}'`).join('\n')+'\n')
  while (!existsSync('/tmp/h5/stop')) await new Promise((r) => setTimeout(r, 300))
  await m.stop()
}, 10_000_000)
