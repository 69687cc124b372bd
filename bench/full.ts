import { type Cli, DESTROY } from './cli.ts'
import type { Row } from './figures.ts'
import type { Endpoint } from './rows.ts'

/** All steps of the preset but what needs a database server behind it. */
export const FULL = ['steps=[vpc, security-groups, secrets, rds, registry, load-balancer, ecs, autoscaling, monitoring]'] as const

/** How many calls the life of a whole application costs: network, database, containers behind a load balancer, alarms. */
export const fullRows = async (cli: Cli, { server, proxy }: Endpoint): Promise<Row[]> => {
  const stack = await cli.stack(server, proxy.url, FULL)
  const calls = async (...args: string[]): Promise<number> => {
    proxy.clear()
    await stack.run(...args)
    return proxy.log.length
  }
  const limited = (name: string, measured: number, limit: number): Row => ({
    name,
    measured: `${measured}`,
    limit: `<= ${limit}`,
    ok: measured <= limit,
  })
  return [
    { name: 'the whole preset: calls of create', measured: `${await calls('create', '--yes')}` },
    limited('  of create again', await calls('create', '--yes'), 45),
    limited('  of destroy', await calls(...DESTROY), 120),
  ]
}
