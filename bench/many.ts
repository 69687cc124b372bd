import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manyServices } from '../test/support/many-services.ts'
import type { Cli } from './cli.ts'
import { min, type Row, s, times } from './figures.ts'
import type { Endpoint } from './rows.ts'

const SERVICES = 100

/** A hundred services in one cluster, on an AWS that takes some calls at once and then so many a second. */
export const manyRows = async (cli: Cli, { server, proxy }: Endpoint, rounds: number): Promise<Row[]> => {
  const stack = await cli.stack(server, proxy.url)
  writeFileSync(join(stack.folder, 'infra.yaml'), manyServices(SERVICES))
  const slower = { error: 'ThrottlingException', message: 'Rate exceeded', above: { burst: 20, perSecond: 20 } }
  proxy.rules = ['RegisterTaskDefinition', 'CreateService'].map((op) => ({ ...slower, match: new RegExp(`^ecs\\.${op}$`) }))
  proxy.clear()
  // Ends with an error if one resource does.
  const { wall } = await stack.run('create', '--yes')
  const refused = proxy.log.filter((call) => call.fault).length
  const calls = proxy.log.length
  proxy.rules = []
  const plans: number[] = []
  let looked = 0
  for (let round = 0; round < rounds; round++) {
    proxy.clear()
    plans.push((await stack.run('plan')).wall)
    looked = proxy.log.length
  }
  return [
    {
      name: `create of ${SERVICES} services (324 resources), AWS takes 20 a second`,
      measured: `${s(wall)}, ${calls} calls, ${refused} of them throttled and asked again`,
    },
    { name: '  plan of it: wall', measured: times(plans, s), limit: '<= 1.0 s', ok: min(plans) <= 1000 },
    { name: '  its calls', measured: `${looked}`, limit: '<= 140', ok: looked <= 140 },
  ]
}
