import type { FaultProxy } from '../test/support/proxy.ts'
import { type Cli, DESTROY, Stack } from './cli.ts'
import { median, min, ms, type Row, s, times } from './figures.ts'

/** An endpoint of the bench: the local AWS and the proxy in front of it. */
export interface Endpoint {
  readonly server: string
  readonly proxy: FaultProxy
}

/** So far away is AWS. */
export const LATENCY = { match: /^/, delay: 50 }

interface Seen {
  readonly wall: number
  readonly calls: number
  readonly changing: number
  readonly depth: number
  readonly inFlight: number
  readonly span: number
}

/** One command of a stack, seen from both ends. */
const watch = async (proxy: FaultProxy, delayed: boolean, run: () => Promise<{ wall: number }>): Promise<Seen> => {
  proxy.rules = delayed ? [LATENCY] : []
  proxy.clear()
  const { wall } = await run()
  proxy.rules = []
  const [calls, changing, depth] = [proxy.log.length, proxy.changing().length, proxy.depth()]
  return { wall, calls, changing, depth, inFlight: proxy.maxInFlight(), span: proxy.span() }
}

/** The life of a stack, several times; every round runs every row, so that what else the machine does hits all alike. */
export const lifeRows = async (cli: Cli, { server, proxy }: Endpoint, rounds: number): Promise<Row[]> => {
  const seen: Record<'create' | 'far' | 'again' | 'status' | 'destroy', Seen[]> = {
    create: [],
    far: [],
    again: [],
    status: [],
    destroy: [],
  }
  const peaks: number[] = []
  for (let round = 0; round < rounds; round++) {
    const [near, far, heavy] = await Promise.all([1, 2, 3].map(() => cli.stack(server, proxy.url)))
    if (!near || !far || !heavy) throw new Error('three stacks were made')
    seen.create.push(await watch(proxy, false, () => near.run('create', '--yes')))
    seen.again.push(await watch(proxy, true, () => near.run('create', '--yes')))
    seen.status.push(await watch(proxy, true, () => near.run('status')))
    seen.destroy.push(await watch(proxy, false, () => near.run(...DESTROY)))
    seen.far.push(await watch(proxy, true, () => far.run('create', '--yes')))
    peaks.push(await cli.peak(['create', '--yes'], heavy.folder, heavy.env))
  }
  const withNat = await cli.stack(server, proxy.url, ['vpc.nat=single'])
  const nat = await watch(proxy, false, () => withNat.run('create', '--yes'))
  const natAgain = await watch(proxy, true, () => withNat.run('create', '--yes'))

  const most = (key: keyof typeof seen, what: keyof Seen): number => Math.max(...seen[key].map((x) => x[what]))
  const least = (key: keyof typeof seen, what: keyof Seen): number => min(seen[key].map((x) => x[what]))
  const all = (key: keyof typeof seen, what: keyof Seen): number[] => seen[key].map((x) => x[what])
  const limited = (name: string, measured: string, limit: string, ok: boolean): Row => ({ name, measured, limit, ok })
  const depth = least('again', 'depth')
  return [
    limited('create, all five steps: wall', times(all('create', 'wall'), s), '<= 2.5 s', least('create', 'wall') <= 2500),
    limited('  its calls', `${most('create', 'calls')}`, '<= 75', most('create', 'calls') <= 75),
    { name: '  with vpc.nat=single: calls', measured: `${nat.calls}` },
    limited('create, 50 ms a call: first to last call', times(all('far', 'span'), s), '<= 1.2 s', least('far', 'span') <= 1200),
    {
      name: '  its calls, most in flight, round trips deep',
      measured: `${most('far', 'calls')}, ${most('far', 'inFlight')}, ${median(all('far', 'depth'))}`,
    },
    { name: '  its wall', measured: times(all('far', 'wall'), s) },
    limited('create again: changing calls', `${most('again', 'changing')}`, '0', most('again', 'changing') === 0),
    limited('  its calls', `${most('again', 'calls')}`, '<= 20', most('again', 'calls') <= 20),
    limited('  round trips deep', `${depth}`, '<= 3', depth <= 3),
    { name: '  with vpc.nat=single: calls, changing', measured: `${natAgain.calls}, ${natAgain.changing}` },
    limited('status, live, 50 ms a call: wall', times(all('status', 'wall'), s), '<= 1.0 s', least('status', 'wall') <= 1000),
    { name: '  its calls, round trips deep', measured: `${most('status', 'calls')}, ${least('status', 'depth')}` },
    limited(
      'create: peak memory',
      times(peaks, (mb) => `${mb.toFixed(0)} MB`),
      '<= 160 MB',
      min(peaks) <= 160,
    ),
    { name: 'destroy of everything: wall', measured: times(all('destroy', 'wall'), s) },
    { name: '  its calls', measured: `${most('destroy', 'calls')}` },
  ]
}

/** What starting costs, against a Node that does nothing; without our proxy, whose process would compete for the cores. */
export const startRows = async (cli: Cli, { server }: Endpoint, rounds: number): Promise<Row[]> => {
  const stack = await cli.stack(server, server)
  await stack.run('create', '--yes')
  const empty = await cli.stack(server, server)
  // Where nothing can be cached, infra.yaml is parsed and checked each time, as after an edit.
  const edited = new Stack(cli, stack.folder, { ...stack.env, INFRA_CACHE_DIR: '/dev/null/none' })
  const commands: [name: string, args: string[], limit: number | undefined, at: Stack][] = [
    ['node -e 0', ['-e', '0'], undefined, stack],
    ['infra --help', ['--help'], 1.5, stack],
    ['infra status --offline', ['status', '--offline'], 1.7, stack],
    ['  after an edit of infra.yaml', ['status', '--offline'], undefined, edited],
    ['one describe: infra show-resources secrets (2 calls, 2 clients)', ['show-resources', 'secrets'], 3.5, stack],
    ['  infra show-resources with nothing recorded (1 call, 1 client)', ['show-resources'], undefined, empty],
  ]
  const taken = commands.map((): number[] => [])
  const ratio = (i: number): number => min(taken[i] ?? []) / min(taken[0] ?? [])
  const within = (): boolean => commands.every(([, , limit], i) => limit === undefined || ratio(i) <= limit)
  // More rounds can only bring minima nearer to what they are without the rest of the machine, on both sides of a ratio.
  for (let round = 0; round < rounds || (round < 3 * rounds && !within()); round++)
    for (const [i, [, args, , at]] of commands.entries()) taken[i]?.push(cli.time(args, at.folder, at.env))
  return commands.map(([name, , limit], i) => {
    const all = taken[i] ?? []
    const measured = i === 0 ? times(all, ms) : `${ratio(i).toFixed(2)} x: ${times(all, ms)}`
    return { name, measured, ...(limit === undefined ? {} : { limit: `<= ${limit} x node -e 0`, ok: ratio(i) <= limit }) }
  })
}

/** A database that takes 20 s and a NAT gateway that takes 4 s beside it: nothing but the slowest chain may count. */
export const waitRow = async (cli: Cli, fast: Endpoint, slow: Endpoint, seconds: number): Promise<Row> => {
  const create = async (at: Endpoint): Promise<number> => {
    const stack = await cli.stack(at.server, at.proxy.url, ['vpc.nat=single'])
    return (await stack.run('create', '--yes')).wall
  }
  const without = min([await create(fast), await create(fast), await create(fast)])
  const chain = seconds * 1000 + without
  const wall = await create(slow)
  return {
    name: `create with rds=${seconds} s, nat=4 s, against ${seconds} s + the same create with nothing to wait for`,
    measured: `${(wall / chain).toFixed(3)} x: ${s(wall)} / (${seconds} s + ${s(without)})`,
    limit: '<= 1.1 x',
    ok: wall <= 1.1 * chain,
  }
}
