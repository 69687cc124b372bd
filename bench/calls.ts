import type { FaultProxy } from '../test/support/proxy.ts'
import { type Cli, DESTROY } from './cli.ts'
import { LATENCY } from './rows.ts'

/** Prints when each call of a stack's life began and ended, with 50 ms a call, and how many of each there were: where round trips go. */
export const printCalls = async (cli: Cli, server: string, proxy: FaultProxy, sets: readonly string[]): Promise<void> => {
  const stack = await cli.stack(server, proxy.url, sets)
  proxy.rules = [LATENCY]
  for (const args of [['create', '--yes'], ['create', '--yes'], ['status'], DESTROY]) {
    proxy.clear()
    const began = performance.now()
    const { wall } = await stack.run(...args)
    console.log(`\ninfra ${args.join(' ')}: ${wall.toFixed(0)} ms, ${proxy.log.length} calls, ${proxy.depth()} deep`)
    const since = (at: number): string => (at - began).toFixed(0).padStart(6)
    for (const call of proxy.log)
      console.log(
        `${since(call.at)} ${since(call.end ?? Number.NaN)}  ${call.changing ? '*' : ' '} ${call.op} ${hint(call.body)}`,
      )
    const counts = new Map<string, number>()
    for (const { op } of proxy.log) counts.set(op, (counts.get(op) ?? 0) + 1)
    console.log(
      `\n${[...counts]
        .sort()
        .map(([op, n]) => `${op} ${n}`)
        .join(', ')}`,
    )
  }
  proxy.rules = []
}

/** Which resource it is about; never a value that could be secret. */
const hint = (body: string): string =>
  /(?:GroupName|DBInstanceIdentifier|AlarmName|RoleName|SubnetId|GroupId|RouteTableId|VpcId|SecretId|TopicArn|Filter\.1\.Name)(?:\.member\.1|\.1)?["=:]+([^&"]+)/.exec(
    body,
  )?.[0] ?? ''
