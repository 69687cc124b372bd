import type { Aws } from '../../aws/clients.ts'
import { forcesTlsByDefault, supportOf } from '../../aws/engine-versions.ts'
import { refuse } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { billFor } from '../../engine/bill.ts'
import { converge } from '../../engine/converge.ts'
import type { Node } from '../../engine/graph.ts'
import type { AnySeen } from '../../engine/kind.ts'
import { round } from '../../engine/plan.ts'
import { resolve } from '../../engine/ref.ts'
import { runGraph } from '../../engine/run.ts'
import { impactOf } from '../../engine/scheduled.ts'
import { survey } from '../../engine/survey.ts'
import { agreed } from '../../session/confirm.ts'
import { orRefuse } from '../../session/database.ts'
import { commandLine } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { conclude, withReporter } from '../../session/outcome.ts'
import { defaultGroup, RESTORED, restoredKey, restoredNode } from '../../session/restored.ts'
import { openSession, type Session } from '../../session/session.ts'
import { existingSnapshot } from '../../session/snapshots.ts'
import { about, elapsed, list } from '../../ui/format.ts'
import { aMonth } from '../../ui/money.ts'
import type { RestoreFlags } from './definitions.ts'
import { type Asked, type Source, sourceOf } from './restore-source.ts'
import { momentOf } from './restore-time.ts'

const SERVER = /^(?!.*--)[a-z][a-z0-9-]{0,62}$/

/**
 * A new server beside the one that runs: from a snapshot, or from the automated backups as of a point in time. It is recorded before
 * AWS is asked for it, so that nothing is lost.
 */
export const restoreCommand = async (name: string | undefined, flags: RestoreFlags): Promise<number> => {
  const [asked, as] = checked(name, flags)
  const s = await openSession(flags, `infra db restore --as ${as}`)
  try {
    refuseBeside(s, as)
    const source = await sourceOf(s, asked, as)
    refuseVersion(s, source)
    const words = `db restore ${source.words} --as ${as}`
    const node = restoredNode(s, as, source.has, source.want)
    refuseWithout(s, node)
    const cx = s.context(() => undefined)
    const seen = (await orRefuse(s, survey([node], cx))).get(node.key) ?? { is: 'absent' as const }
    refuseTaken(s, as, seen)
    if (seen.is === 'ready' && s.state.row(node.key)?.is === 'ready') return there(s, node, source, undefined)
    const want = resolve(node.props, (key) => s.state.row(key)?.attrs) as JsonObject
    screen(s, node, want, source, seen)
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
    return code === 0 ? there(s, node, source, Date.now() - began) : code
  } finally {
    await s.close()
  }
}

/** @throws InfraError (exit 2): AWS has not been asked anything yet */
const checked = (name: string | undefined, { as, toTime, latest }: RestoreFlags): [asked: Asked, as: string] => {
  const to = as.toLowerCase()
  if (!SERVER.test(to) || to.endsWith('-'))
    throw refuse(
      `--as is ${as}`,
      'it must have 1 to 63 letters, digits and single hyphens, begin with a letter and not end with a hyphen',
      'for example --as shop-db-restored',
    )
  const ways = [name !== undefined, toTime !== undefined, latest === true].filter(Boolean).length
  if (ways !== 1)
    throw refuse(
      ways === 0 ? 'Nothing says what to restore from' : 'More than one thing says what to restore from',
      'give exactly one of: the name of a snapshot, --to-time, --latest',
      `for example infra db restore --latest --as ${to}; infra db snapshots lists the snapshots`,
    )
  if (latest) return [{ at: 'latest', relative: false }, to]
  if (toTime !== undefined) return [{ at: momentOf(toTime, new Date()), relative: !toTime.includes(':') }, to]
  return [{ snapshot: existingSnapshot(name ?? '') }, to]
}

/** The new server must not be the stack's own, nor one that is being destroyed. @throws InfraError (exit 2) */
const refuseBeside = ({ state, g, config }: Session, as: string): void => {
  if (state.row(restoredKey(as))?.is === 'deleting')
    throw refuse(`${as} is being taken down`, 'a destroy was begun', commandLine(g, `destroy ${RESTORED}`))
  if (as === (state.row('db-instance')?.attrs?.id ?? config.rds.identifier))
    throw refuse(
      `--as is ${as}`,
      "it is the stack's own server, and a restore makes one beside it",
      `for example --as ${as}-restored`,
    )
}

/** The engine's version must fit the stack's parameters, now and after AWS's own upgrades. @throws InfraError (exit 2) */
const refuseVersion = (s: Session, { from, has }: Source): void => {
  const what = `${from} is of ${has.engine} ${has.version}`
  const support = supportOf(has.engine, has.version, new Date())
  if (support?.phase === 'extended' && !s.config.rds.extendedSupport)
    throw refuse(
      `${what}, whose standard support ended on ${support.standardUntil}`,
      'without Extended Support AWS upgrades the restored server to another major version, and the parameters of the stack do not fit that one',
      'Set rds.extendedSupport: true in infra.yaml (it costs extra for each vCPU and hour: infra cost), then restore it',
    )
  if (defaultGroup(s, has) !== undefined && !forcesTlsByDefault(has.engine, has.version))
    throw refuse(
      what,
      `the stack's parameters are for ${String(s.state.row('db-parameter-group')?.want.family)}, and without them TLS would not be forced`,
      'Restore it in a stack of that version, or in the AWS console',
    )
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

const screen = (s: Session, node: Node<Aws>, want: JsonObject, { title, has, want: from }: Source, seen: AnySeen): void => {
  const { io } = s
  const { c } = io
  const cost = billFor(node.kind, want, s.config.region)
  header({ ...s, account: s.caller.account }, 'Restore')
  io.say(`  ${c.green('+ create')}  ${node.key}  ${c.dim(`RDS instance ${node.name}`)}`)
  io.say(`\n  From ${title}.`)
  if (s.sandbox && 'toTime' in from)
    io.say('  The local AWS keeps no log of changes: the new server gets the data of now, whatever the time.')
  io.say(
    `  ${want.instanceClass}${want.multiAz ? ', Multi-AZ' : ''}, network, groups, parameters and backups as in infra.yaml; private; deletion protection ${want.deletionProtection ? 'on' : 'off'}.`,
  )
  if (!has.encrypted) io.say(`  ${c.yellow('Not encrypted')}: neither is its source.`)
  io.say('  The server that runs is not touched, and nothing points to the new one by itself. No alarm watches it.')
  const group = defaultGroup(s, has)
  if (group !== undefined)
    io.say(
      `  ${c.yellow('!')} Of another major version than the stack: it gets AWS's ${group} (TLS only), without rds.parameters of infra.yaml.`,
    )
  for (const note of impactOf(node.kind, seen, want, [])?.says ?? []) io.say(`  ${c.yellow('!')} ${note}.`)
  if (seen.is !== 'absent') io.say(`  It was begun already (${seen.note ?? seen.is}); this goes on with it.`)
  io.say(
    `  Costs ${aMonth(cost, (t) => c.bold(`+${t}`))} as long as it is there. Time: ${c.bold(about(node.kind.facts.minutes))}.`,
  )
}

const there = (s: Session, node: Node<Aws>, source: Source, took: number | undefined): number => {
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
      ...('toTime' in source.want ? source.want : { snapshot: source.want.fromSnapshot }),
      monthlyUsd: round(billFor(node.kind, row?.want ?? {}, s.config.region).usd),
      created: took !== undefined,
    })
  const said = took === undefined ? 'is there already' : `is there after ${elapsed(took)}`
  io.say(`${took === undefined ? '' : '\n'}${c.green('✓')} ${node.name} ${said}: ${c.bold(`${endpoint}:${port}`)}`)
  io.say(`  Inside are the roles and passwords of ${source.inside}: what was rotated since then is the old one there.`)
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
