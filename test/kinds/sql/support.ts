import { setTimeout as sleep } from 'node:timers/promises'
import { type Aws, pass } from '../../../src/aws/clients.ts'
import { ownerOf } from '../../../src/aws/tags.ts'
import { classify } from '../../../src/aws/trouble.ts'
import type { Address } from '../../../src/database/client-channel.ts'
import type { Context } from '../../../src/engine/context.ts'
import { create } from '../../../src/engine/create.ts'
import { destroy } from '../../../src/engine/destroy.ts'
import type { Event } from '../../../src/engine/events.ts'
import { Graph } from '../../../src/engine/graph.ts'
import type { AnyKind, Kind, Survey } from '../../../src/engine/kind.ts'
import { type Plan, plan } from '../../../src/engine/plan.ts'
import type { Outcome } from '../../../src/engine/run.ts'
import { subjectsOf, survey } from '../../../src/engine/survey.ts'
import { Database } from '../../../src/kinds/sql/database.ts'
import { DatabaseRole } from '../../../src/kinds/sql/role.ts'
import type { Row, Rows } from '../../../src/state/schema.ts'
import type { Place } from '../../database/support.ts'
import { fakeAws } from '../../support/models/fake.ts'

/** A secret of a role, as the real kind behaves to those that refer to it: its ARN is not known before it is there. */
type SecretProps = { name: string; password: string }
type SecretAttrs = { arn: string; name: string }
export const secretKind = (place: Place): Kind<SecretProps, SecretAttrs, Aws> => ({
  type: 'test.secret',
  async observe(_aws, _stamp, want, last) {
    const name = want.name ?? last?.name
    const there = name !== undefined && place.secrets.values[name] !== undefined
    return there ? { is: 'ready', attrs: { arn: name, name } } : { is: 'absent' }
  },
  async create(_aws, { name, password }) {
    place.secrets.give(name, password)
    return { attrs: { arn: name, name }, ready: true }
  },
  async delete(_aws, { name }) {
    delete place.secrets.values[name]
    return undefined
  },
  facts: { title: 'secret', minutes: 0.1, iam: { observe: [], create: [], delete: [] }, found: 'name' },
})

/** What a killed process leaves: the rows on the disk. Nothing of it is written after the kill. */
export class Disk {
  readonly rows = new Map<string, Row>()
  /** The rows of one process. */
  open(): Rows & { kill(): void } {
    const { rows: disk } = this
    const rows = new Map(disk)
    let alive = true
    const never = (): Promise<never> => new Promise(() => {})
    const write: Rows['write'] = async (changes) => {
      if (!alive) return never()
      for (const [key, row] of Object.entries(changes))
        for (const to of [rows, disk]) row ? to.set(key, JSON.parse(JSON.stringify(row)) as Row) : to.delete(key)
    }
    return {
      row: (key) => rows.get(key),
      all: () => rows,
      put: (key, row) => write({ [key]: row }),
      drop: (key) => write({ [key]: undefined }),
      write,
      kill: () => {
        alive = false
      },
    }
  }
}

export interface Tenant {
  /** Of the role, its secret and its database. */
  readonly name: string
  readonly password: string
}

/** The graph of the databases step with a role for each tenant: the owner is known once the role is there, the password with the secret. */
export const tenantsGraph = (place: Place, tenants: readonly Tenant[]): Graph<Aws> => {
  const graph = new Graph<Aws>('shop-dev')
  const add = graph.in('databases')
  const inside = { server: place.server.id, secret: 'master' }
  for (const { name, password } of tenants) {
    const secret = add(secretKind(place), `secret-${name}`, { name: `of ${name}`, password })
    const role = add(
      DatabaseRole,
      `role-${name}`,
      { ...inside, name, passwordSecret: secret.arn, passwordKey: 'password', password: 'as in the secret', usable: true },
      { name },
    )
    add(
      Database,
      `database-${name}`,
      { ...inside, name, owner: role.name, encoding: 'UTF8', collation: 'C', publicConnect: false },
      { name },
    )
  }
  return graph
}

export interface Run {
  readonly outcome: Outcome
  readonly plan: Plan
  readonly events: readonly Event[]
}

interface Work {
  readonly to?: Address
  /** Ends the process: what it does afterwards has no effect. */
  readonly killed?: AbortSignal
  readonly heard?: (event: Event) => void
}

const kindOf =
  (place: Place) =>
  (type: string): AnyKind<Aws> => {
    const found = [DatabaseRole, Database, secretKind(place)].find((k) => k.type === type)
    if (!found) throw new Error(`no kind ${type}`)
    return found as unknown as AnyKind<Aws>
  }

/** One process on a disk: it looks, then works. */
const process = async <T>(
  place: Place,
  disk: Disk,
  { to, killed, heard }: Work,
  work: (cx: Context<Aws>, events: Event[]) => Promise<T>,
): Promise<T> => {
  const opened = place.open(to ? { address: to } : {})
  const rows = disk.open()
  const events: Event[] = []
  const stop = new AbortController()
  let tokens = 0
  const { host: Address, port: Port } = place.server
  const aws = fakeAws({
    ...place.secrets.aws,
    rds: async (_: string, { DBInstanceIdentifier }: { DBInstanceIdentifier: string }) => ({
      DBInstances: [{ DBInstanceIdentifier, DBInstanceStatus: 'available', Engine: 'postgres', Endpoint: { Address, Port } }],
    }),
    sql: opened.send,
  })
  const cx: Context<Aws> = {
    rows,
    aws,
    look: () => pass(aws),
    stamp: (of, token) => ({ key: of.key, name: of.name, tags: {}, prefix: 'shop-dev', stack: 'shop/dev', token }),
    token: () => `token-${++tokens}`,
    classify,
    ownerOf,
    graceMs: 60,
    clock: { now: Date.now, sleep: (ms, signal) => sleep(ms / 10, undefined, { signal }).catch(() => undefined) },
    report: (event) => {
      events.push(event)
      heard?.(event)
    },
    signal: stop.signal,
  }
  const death = new Promise<never>((_, reject) => {
    killed?.addEventListener('abort', () => {
      rows.kill()
      stop.abort()
      reject(new Killed())
    })
  })
  death.catch(() => undefined)
  try {
    return await Promise.race([work(cx, events), death])
  } finally {
    await opened.close()
  }
}

export class Killed extends Error {}

/** Like `infra create`: a plan with problems ends it before anything is done. */
export const runCreate = (place: Place, graph: Graph<Aws>, disk: Disk, work: Work = {}): Promise<Run> =>
  process(place, disk, work, async (cx, events) => {
    const kind = kindOf(place)
    const seen = await survey(subjectsOf(graph, cx.rows.all(), kind), cx)
    const told = planOf(place, graph, cx, seen)
    const [problem] = told.problems
    if (problem) throw problem
    const outcome = await create(graph, graph.steps, seen, cx, kind)
    for (const error of outcome.failed.values()) throw error
    return { outcome, plan: told, events }
  })

export const runDestroy = (place: Place, disk: Disk, work: Work = {}): Promise<Run> =>
  process(place, disk, work, async (cx, events) => {
    const kind = kindOf(place)
    const graph = new Graph<Aws>('shop-dev')
    const seen = await survey(subjectsOf(graph, cx.rows.all(), kind), cx)
    const outcome = await destroy([...cx.rows.all().keys()], seen, cx, kind, { snapshots: false, at: new Date() })
    for (const error of outcome.failed.values()) throw error
    return { outcome, plan: planOf(place, graph, cx, seen), events }
  })

const planOf = (place: Place, graph: Graph<Aws>, cx: Context<Aws>, seen: Survey): Plan =>
  plan({
    graph,
    survey: seen,
    rows: cx.rows.all(),
    steps: graph.steps,
    region: 'us-east-1',
    kindOf: kindOf(place),
    stamp: (n) => cx.stamp(n, ''),
  })

/** All that the catalogue knows of these names: roles, memberships, databases with owner and rights. The names themselves as 0, 1 ... */
export const catalogue = async (place: Place, names: readonly string[]): Promise<string> => {
  const list = names.map((n) => `'${n}'`).join(', ')
  const options = place.pg.version >= 16 ? ', m.inherit_option, m.set_option' : ''
  const [rows] = await place.ask(`SELECT
    (SELECT json_agg(r ORDER BY r.rolname) FROM (SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin,
      rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil FROM pg_roles WHERE rolname IN (${list})) r) AS roles,
    (SELECT json_agg(m ORDER BY m.role, m.member, m.grantor) FROM (SELECT pg_get_userbyid(m.roleid) AS role,
      pg_get_userbyid(m.member) AS member, pg_get_userbyid(m.grantor) AS grantor, m.admin_option${options}
      FROM pg_auth_members m WHERE pg_get_userbyid(m.roleid) IN (${list}) OR pg_get_userbyid(m.member) IN (${list})) m) AS members,
    (SELECT json_agg(d ORDER BY d.datname) FROM (SELECT datname, pg_get_userbyid(datdba) AS owner, pg_encoding_to_char(encoding) AS encoding,
      datcollate, datctype, datconnlimit, datallowconn, datistemplate, datacl::text FROM pg_database WHERE datname IN (${list})) d) AS databases`)
  return names.reduce((text, name, i) => text.replaceAll(name, `<${i}>`), JSON.stringify(rows, null, 1))
}
