import type { Aws } from '../aws/clients.ts'
import { forcesTlsByDefault, supportOf } from '../aws/engine-versions.ts'
import { converge } from '../engine/converge.ts'
import { refuse } from '../engine/errors.ts'
import type { Node } from '../engine/graph.ts'
import type { AnySeen } from '../engine/kind.ts'
import { monthly, round } from '../engine/plan.ts'
import { resolve } from '../engine/ref.ts'
import { runGraph } from '../engine/run.ts'
import { impactOf } from '../engine/scheduled.ts'
import { survey } from '../engine/survey.ts'
import type { JsonObject } from '../state/json.ts'
import { about, elapsed, list, usd } from '../ui/format.ts'
import { agreed } from './agree.ts'
import { defaultGroup, RESTORED, restoredKey, restoredNode } from './db-restored.ts'
import { orRefuse } from './db-server.ts'
import { commandLine, type Globals } from './globals.ts'
import { conclude, withReporter } from './outcome.ts'
import { utc } from './rds-server.ts'
import { header } from './screens.ts'
import { openSession, type Session } from './session.ts'
import { existingSnapshot, findSnapshot, type Snapshot } from './snapshots.ts'

export interface RestoreFlags extends Globals {
  /** The identifier of the new server. */
  readonly as: string
}

const SERVER = /^(?!.*--)[a-z][a-z0-9-]{0,62}$/

/** A new server from a snapshot, beside the one that runs. Recorded before it is asked for, so that nothing is lost. */
export const restoreCommand = async (name: string, flags: RestoreFlags): Promise<number> => {
  const [from, as] = checked(name, flags)
  const words = `db restore ${from} --as ${as}`
  const s = await openSession(flags, `infra ${words}`)
  try {
    const snapshot = refuseUnfit(s, from, as, await orRefuse(s, findSnapshot(s, from)))
    const node = restoredNode(s, as, snapshot, snapshot.name)
    refuseWithout(s, node)
    const cx = s.context(() => undefined)
    const seen = (await orRefuse(s, survey([node], cx))).get(node.key) ?? { is: 'absent' as const }
    refuseTaken(s, as, seen)
    if (seen.is === 'ready' && s.state.row(node.key)?.is === 'ready') return there(s, node, undefined)
    const want = resolve(node.props, (key) => s.state.row(key)?.attrs) as JsonObject
    screen(s, node, want, snapshot, seen)
    const command = commandLine(flags, `${words} --yes`)
    if (!(await agreed(s, flags, 'Restore it?', 'This would make a database server', command))) return 0
    const began = Date.now()
    s.io.say()
    const outcome = await withReporter(s, (report) =>
      runGraph(
        [node],
        () => node.kind.facts.minutes,
        () => converge(node, seen, s.context(report)),
        s.signal,
        (n, error) => report({ type: 'resource.failed', key: n.key, error }),
      ),
    )
    const code = conclude(s, outcome, commandLine(flags, `${words}${flags.yes ? ' --yes' : ''}`))
    return code === 0 ? there(s, node, Date.now() - began) : code
  } finally {
    await s.close()
  }
}

/** @throws InfraError (exit 2): AWS has not been asked anything yet */
const checked = (name: string, { as }: RestoreFlags): [from: string, as: string] => {
  const [from, to] = [existingSnapshot(name), as.toLowerCase()]
  if (!SERVER.test(to) || to.endsWith('-'))
    throw refuse(
      `--as is ${as}`,
      'it must have 1 to 63 letters, digits and single hyphens, begin with a letter and not end with a hyphen',
      'for example --as shop-db-restored',
    )
  return [from, to]
}

/** What keeps a restore from being right is told before it is asked for. @throws InfraError (exit 2) */
const refuseUnfit = (s: Session, from: string, as: string, snapshot: Snapshot | undefined): Snapshot => {
  const { state, g } = s
  const before = state.row(restoredKey(as))
  if (before && before.want.fromSnapshot !== from)
    throw refuse(
      `${as} was restored from another snapshot (${String(before.want.fromSnapshot)})`,
      'a server is made from one only',
      `another --as; or take that one down first: ${commandLine(g, `destroy ${RESTORED}`)}`,
    )
  if (before?.is === 'deleting')
    throw refuse(`${as} is being taken down`, 'a destroy was begun', commandLine(g, `destroy ${RESTORED}`))
  if (as === (state.row('db-instance')?.attrs?.id ?? s.config.rds.identifier))
    throw refuse(
      `--as is ${as}`,
      "it is the stack's own server, and a restore makes one beside it",
      `for example --as ${as}-restored`,
    )
  if (!snapshot) throw refuse(`There is no snapshot ${from}`, 'not in this account and region', commandLine(g, 'db snapshots'))
  if (snapshot.status !== 'available')
    throw refuse(`The snapshot ${from} is ${snapshot.status}`, 'it must be available', commandLine(g, 'db snapshots'))
  const support = supportOf(snapshot.engine, snapshot.version, new Date())
  if (support?.phase === 'extended' && !s.config.rds.extendedSupport)
    throw refuse(
      `The snapshot ${from} is of ${snapshot.engine} ${snapshot.version}, whose standard support ended on ${support.standardUntil}`,
      'without Extended Support AWS upgrades the restored server to another major version, and the parameters of the stack do not fit that one',
      'Set rds.extendedSupport: true in infra.yaml (it costs extra for each vCPU and hour: infra cost), then restore it',
    )
  if (defaultGroup(s, snapshot) !== undefined && !forcesTlsByDefault(snapshot.engine, snapshot.version))
    throw refuse(
      `The snapshot ${from} is of ${snapshot.engine} ${snapshot.version}`,
      `the stack's parameters are for ${String(state.row('db-parameter-group')?.want.family)}, and without them TLS would not be forced`,
      'Restore it in a stack of that version, or in the AWS console',
    )
  return snapshot
}

/** @throws InfraError (exit 2) while what a server stands on is not there */
const refuseWithout = (s: Session, { deps }: Node<Aws>): void => {
  const missing = deps.filter((dep) => !s.state.row(dep)?.attrs)
  if (missing.length > 0)
    throw refuse(
      `What a server needs is not there (${list(missing)})`,
      'a restore makes one in the network of the stack, with its groups, parameters and secret',
      commandLine(s.g, 'create'),
    )
}

const refuseTaken = (s: Session, as: string, seen: AnySeen): void => {
  if (seen.is === 'absent') return
  if (seen.foreign) throw refuse(`The identifier ${as} is taken by ${seen.foreign}`, 'it is left alone', 'Choose another --as')
  if (seen.is === 'deleting' || seen.is === 'failed')
    throw refuse(`${as} is ${seen.note ?? seen.is}`, 'it cannot be used', commandLine(s.g, `destroy ${RESTORED}`))
}

const screen = (s: Session, node: Node<Aws>, want: JsonObject, snapshot: Snapshot, seen: AnySeen): void => {
  const { io } = s
  const { c } = io
  const cost = round(monthly(node.kind, want, s.config.region))
  const at = snapshot.createdAt ? `, of ${utc(snapshot.createdAt)}` : ''
  header({ ...s, account: s.caller.account }, 'Restore')
  io.say(`  ${c.green('+ create')}  ${node.key}  ${c.dim(`RDS instance ${node.name}`)}`)
  io.say(`\n  From ${snapshot.name} (${snapshot.engine} ${snapshot.version}, ${snapshot.sizeGb} GB${at}).`)
  io.say(
    `  ${want.instanceClass}${want.multiAz ? ', Multi-AZ' : ''}, network, groups, parameters and backups as in infra.yaml; private; deletion protection ${want.deletionProtection ? 'on' : 'off'}.`,
  )
  if (!snapshot.encrypted) io.say(`  ${c.yellow('Not encrypted')}: the snapshot is not.`)
  io.say('  The server that runs is not touched, and nothing points to the new one by itself. No alarm watches it.')
  const group = defaultGroup(s, snapshot)
  if (group !== undefined)
    io.say(
      `  ${c.yellow('!')} Of another major version than the stack: it gets AWS's ${group} (TLS only), without rds.parameters of infra.yaml.`,
    )
  for (const note of impactOf(node.kind, seen, want, [])?.says ?? []) io.say(`  ${c.yellow('!')} ${note}.`)
  if (seen.is !== 'absent') io.say(`  It was begun already (${seen.note ?? seen.is}); this goes on with it.`)
  io.say(`  Costs ${c.bold(`+${usd(cost)}`)} a month as long as it is there. Time: ${c.bold(about(node.kind.facts.minutes))}.`)
}

const there = (s: Session, node: Node<Aws>, took: number | undefined): number => {
  const { io, g } = s
  const { c } = io
  const row = s.state.row(node.key)
  const { endpoint = '', port = 0 } = row?.attrs ?? {}
  const { masterUsername: user = '', engine = '' } = row?.want ?? {}
  if (io.json)
    io.event({
      type: 'result',
      key: node.key,
      server: node.name,
      endpoint,
      port,
      snapshot: row?.want.fromSnapshot,
      monthlyUsd: round(monthly(node.kind, row?.want ?? {}, s.config.region)),
      created: took !== undefined,
    })
  const said = took === undefined ? 'is there already' : `is there after ${elapsed(took)}`
  io.say(`${took === undefined ? '' : '\n'}${c.green('✓')} ${node.name} ${said}: ${c.bold(`${endpoint}:${port}`)}`)
  io.say('  Inside are the roles and passwords of the time of the snapshot: what was rotated since then is the old one there.')
  const ssl = /^127\./.test(String(endpoint)) ? '' : ' sslmode=require'
  const client =
    engine === 'mysql'
      ? `mysql -h ${endpoint} -P ${port} -u ${user} -p${ssl ? ' --ssl-mode=REQUIRED' : ''}`
      : `psql "host=${endpoint} port=${port} dbname=postgres user=${user}${ssl}"`
  io.say(`  Connect      ${c.cyan(client)}  (from inside the VPC)`)
  io.say(`  Password     ${c.cyan(commandLine(g, 'db credentials --reveal --key master_password'))}`)
  io.say(
    `  Point to it  set host in the secret ${s.config.secrets.database.name}, and drift.ignore: [database-secret-host] in infra.yaml: else create puts the old one back`,
  )
  io.say(`  Remove it    ${c.cyan(commandLine(g, `destroy ${RESTORED}`))}`)
  io.say(`  Next: ${c.cyan(commandLine(g, 'show-resources'))}`)
  return 0
}
