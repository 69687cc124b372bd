import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPython } from '../src/sandbox/python.ts'
import { end, launch } from '../src/sandbox/server.ts'
import { credentials } from '../test/support/credentials.ts'
import { watchRun } from '../test/support/models/run.ts'
import { type FaultProxy, startProxy } from '../test/support/proxy.ts'
import { printCalls } from './calls.ts'
import { Cli } from './cli.ts'
import { print } from './figures.ts'
import { FULL, fullRows } from './full.ts'
import { manyRows } from './many.ts'
import { type Endpoint, lifeRows, startRows, waitRow } from './rows.ts'

const root = process.env.BENCH_ROOT ?? process.cwd()
const quick = process.argv.includes('--quick')
const RDS_SECONDS = 20

const folder = mkdtempSync(join(tmpdir(), 'infra-bench-'))
/** Requests that a proxy hears; the runs that go past it send the same ones. */
const checked = watchRun(root, folder)
const servers: number[] = []
const proxies: FaultProxy[] = []

/** The local AWS with its own cache folder, and our proxy before it. It ends with this process, however that ends. */
const start = async (python: string, seconds: string): Promise<Endpoint> => {
  const { url, pid } = await launch({
    python,
    seconds,
    folder: mkdtempSync(join(folder, 'server-')),
    extension: join(root, 'src/sandbox/moto_ext'),
    credentials,
    detached: false,
  })
  servers.push(pid)
  const proxy = await startProxy(url)
  proxies.push(proxy)
  return { server: url, proxy }
}

const bench = async (): Promise<boolean> => {
  const { path } = await findPython({ env: { ...process.env, INFRA_CACHE_DIR: folder, PIP_NO_INDEX: '1' } })
  const cli = new Cli(root, folder)
  const fast = await start(path, '0')
  // The first of everything loads what later ones find loaded; nobody measures it.
  const first = await cli.stack(fast.server, fast.proxy.url)
  await first.run('create', '--yes')
  if (process.argv.includes('--calls')) {
    await printCalls(cli, fast.server, fast.proxy, process.argv.includes('--full') ? FULL : [])
    return true
  }
  const rows = [...(await lifeRows(cli, fast, quick ? 2 : 7)), ...(await startRows(cli, fast, quick ? 8 : 25))]
  rows.push(...(await fullRows(cli, fast)))
  rows.push(...(await manyRows(cli, fast, quick ? 2 : 7)))
  if (!quick) rows.push(await waitRow(cli, fast, await start(path, `rds=${RDS_SECONDS},nat=4`), RDS_SECONDS))
  console.log('')
  print(rows)
  console.log('\nTimes are judged by the minimum of interleaved runs: the machine may do other things meanwhile.')
  const models = checked()
  console.log(models.text)
  for (const text of models.refusals) console.log(text)
  const missed = rows.filter((row) => row.ok === false).length
  console.log(missed === 0 ? 'All limits are kept.' : `${missed} of ${rows.filter((r) => r.limit).length} limits are missed.`)
  return missed === 0 && models.refused === 0
}

try {
  process.exitCode = (await bench()) ? 0 : 1
} finally {
  for (const proxy of proxies) await proxy.close()
  for (const pid of servers) await end(pid)
  rmSync(folder, { recursive: true, force: true })
}
