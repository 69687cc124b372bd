import { loadConfig } from '../../config/load.ts'
import { hostOf, isSecure } from '../../config/sections/load-balancer.ts'
import { ecrImage, pushLines } from '../../ecs/image.ts'
import { addUp, type Bill, billFor, NOTHING, remarksData } from '../../engine/bill.ts'
import { idOf } from '../../engine/context.ts'
import type { AnySeen } from '../../engine/kind.ts'
import { round } from '../../engine/plan.ts'
import { inWords, paidFor, scheduledOf } from '../../engine/scheduled.ts'
import { kindOf } from '../../kinds/index.ts'
import { chosenSteps, keysOf, rowsToday } from '../../session/declare.ts'
import { awsFlags, commandLine, type Globals, inSandbox } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { openSession, type Session } from '../../session/session.ts'
import { lookAtRows } from '../../session/survey.ts'
import type { Row, Scheduled } from '../../state/schema.ts'
import { columns, count, daily, shortId, usd } from '../../ui/format.ts'
import { cell, figure, remark } from '../../ui/money.ts'
import { consoleLinks } from './console-links.ts'

interface Shown {
  readonly key: string
  readonly step: string
  readonly type: string
  readonly id: string
  readonly name: string
  readonly status: string
  /** What is paid for now. */
  readonly monthlyUsd: number
  readonly bill: Bill
  /** What AWS has accepted and makes later. */
  readonly scheduled: readonly Scheduled[]
}

/** Everything that is recorded, with its live status, and how to get in. Never a secret itself. */
export const showResourcesCommand = async (names: readonly string[], g: Globals): Promise<number> => {
  const loaded = await loadConfig({ file: g.config, environment: g.env, region: g.region })
  const steps = chosenSteps(names, loaded.config)
  const s = await openSession(g, undefined, loaded)
  try {
    const rows = rowsToday(s.state.all(), s.config, s.state)
    const wanted = names.length > 0 ? steps : [...s.config.steps, ...new Set([...rows.values()].map((r) => r.step))]
    const keys = [...new Set(wanted.flatMap((step) => keysOf(rows, [step])))]
    const seen = await lookAtRows(s, keys)
    const resources = keys.flatMap((key): Shown[] => {
      const row = rows.get(key)
      return row ? [shown(key, row, seen.get(key), s.config.region)] : []
    })
    const bill = { ...addUp(resources.map((r) => r.bill)), usd: round(resources.reduce((sum, r) => sum + r.monthlyUsd, 0)) }
    const links = consoleLinks(s.config.region, rows)
    const access = accessOf(s, rows)
    if (s.io.json)
      s.io.data({
        project: s.config.project,
        environment: s.config.environment,
        region: s.config.region,
        account: s.caller.account,
        sandbox: s.sandbox,
        resources: resources.map(({ bill: { unpriced }, ...r }) => ({ ...r, unpriced })),
        ...access,
        monthlyUsd: bill.usd,
        dailyUsd: daily(bill.usd),
        ...remarksData(bill),
        links: s.sandbox ? [] : links,
      })
    else screen(s, resources, bill, links, access, g)
    return 0
  } finally {
    await s.close()
  }
}

const shown = (key: string, row: Row, seen: AnySeen | undefined, region: string): Shown => {
  const kind = kindOf(row.type)
  const gone = !seen || seen.is === 'absent'
  const bill = gone || row.adopted ? NOTHING : billFor(kind, paidFor(row.want, seen), region)
  return {
    key,
    step: row.step,
    type: row.type,
    id: idOf(gone ? row.attrs : seen.attrs, row.name),
    name: row.name,
    status: gone ? 'gone' : (seen.note ?? seen.is),
    monthlyUsd: round(bill.usd),
    bill,
    scheduled: scheduledOf(seen),
  }
}

interface Access {
  readonly endpoint: string | null
  readonly port: number | null
  /** Where the application answers. */
  readonly application: string | null
  /** What puts an image into the registry. */
  readonly push: readonly string[]
  /** The command that prints the credentials. */
  readonly credentials: string | null
}

const accessOf = (s: Session, rows: ReadonlyMap<string, Row>): Access => {
  const db = rows.get('db-instance')?.attrs
  const secret = rows.get('database-secret')
  const { uri } = rows.get('registry')?.attrs ?? {}
  const registry = typeof uri === 'string' ? ecrImage(uri) : undefined
  const read = secret
    ? `aws secretsmanager get-secret-value --secret-id ${secret.name} --query SecretString --output text ${awsFlags(s)}`
    : null
  return {
    endpoint: typeof db?.endpoint === 'string' ? db.endpoint : null,
    port: typeof db?.port === 'number' ? db.port : null,
    application: applicationOf(s, rows),
    push: registry ? pushLines({ ...registry, tag: '<tag>' }, s.sandbox) : [],
    credentials: read && s.sandbox ? inSandbox(read) : read,
  }
}

/** Where it answers, and what the DNS needs for that. */
const applicationOf = ({ config }: Session, rows: ReadonlyMap<string, Row>): string | null => {
  const { dnsName } = rows.get('load-balancer')?.attrs ?? {}
  if (typeof dnsName !== 'string') return null
  const l = config.loadBalancer
  const host = hostOf(l, dnsName)
  return host === undefined
    ? `point the name of your certificate at ${dnsName}`
    : `${isSecure(l) ? 'https' : 'http'}://${host}${host === dnsName ? '' : `  (point it at ${dnsName})`}`
}

const screen = (
  s: Session,
  resources: readonly Shown[],
  bill: Bill,
  links: readonly { what: string; url: string }[],
  access: Access,
  g: Globals,
): void => {
  const { io } = s
  const { c } = io
  header({ ...s, account: s.caller.account }, 'Resources')
  if (resources.length === 0) {
    const some = s.state.all().size > 0
    io.say(
      `  Nothing ${some ? 'of these steps ' : ''}is recorded yet. Next: ${c.cyan(commandLine(g, some ? 'status' : 'create'))}`,
    )
    return
  }
  for (const step of new Set(resources.map((r) => r.step))) {
    io.say(`  ${c.bold(step)}`)
    const rows = resources
      .filter((r) => r.step === step)
      .map((r) => [
        r.key,
        shortId(r.id),
        shortId(r.id).startsWith(r.name) ? '' : c.dim(r.name),
        status(r.status, io),
        cell({ ...r.bill, usd: r.monthlyUsd }),
      ])
    io.say(columns(rows, '<<<<>', '    '))
    for (const r of resources)
      if (r.step === step) for (const s of r.scheduled) io.say(`      ${c.yellow('… pending')}  ${r.key}  ${inWords(s)}`)
    io.say()
  }
  if (access.application) io.say(`  Application  ${c.bold(access.application)}`)
  for (const [i, line] of access.push.entries()) io.say(`  ${(i === 0 ? 'Push' : '').padEnd(11)}  ${c.cyan(line)}`)
  if (access.endpoint)
    io.say(`  Database     ${c.bold(`${access.endpoint}:${access.port}`)}  (private: reachable from inside the VPC)`)
  if (access.credentials) io.say(`  Credentials  ${c.cyan(access.credentials)}`)
  if (resources.some((r) => r.type === 'sql.database')) io.say(`  Connect      ${c.cyan(commandLine(g, 'db connect'))}`)
  io.say(
    `  Cost         ${figure(bill, c.bold)} a month, ${usd(daily(bill.usd))} a day${remark(bill)}, for ${count(resources.length, 'resource')}`,
  )
  io.say(`  State        ${s.state.place}`)
  if (!s.sandbox && links.length > 0) {
    io.say('\n  Console')
    io.say(
      columns(
        links.map((l) => [l.what, c.dim(l.url)]),
        '',
        '    ',
      ),
    )
  }
}

const status = (word: string, io: Session['io']): string =>
  /^(ready|available|confirmed|OK|active|running|ACTIVE|INSUFFICIENT_DATA|verified .*|revision \d+)$/.test(word)
    ? io.c.green(word)
    : word === 'gone' || word === 'ALARM'
      ? io.c.red(word)
      : io.c.yellow(word)
