import type { Account } from '../support/account.ts'
import type { Home, State } from './home.ts'
import { listCertificates } from './list-acm.ts'
import { listContainers } from './list-containers.ts'
import { listEc2 } from './list-ec2.ts'
import { listElb } from './list-elb.ts'
import { listInside } from './list-inside.ts'
import { listRds } from './list-rds.ts'
import { listAlarms, listRoles, listSecrets, listTopics } from './list-services.ts'
import { labelled, linesOf, type Thing } from './thing.ts'

/** What an account holds by its own word, over all services that a stack uses and inside its database server. Nothing of it comes from our state. */
export interface Holdings {
  readonly things: readonly Thing[]
  readonly lines: readonly string[]
}

export const listAccount = async (account: Account): Promise<Holdings> => {
  const lists = [
    listEc2,
    listRds,
    listInside,
    listSecrets,
    listRoles,
    listTopics,
    listAlarms,
    listContainers,
    listElb,
    listCertificates,
  ]
  const things = (await Promise.all(lists.map((list) => list(account)))).flat()
  return { things, lines: linesOf(things, account.accountId) }
}

/** All words in a state's attributes: a thing whose id is none of them is an orphan. */
const wordsIn = (state: State): Set<string> =>
  new Set(Object.values(state.resources).flatMap((row) => Object.values(row.attrs ?? {}).filter((v) => typeof v === 'string')))

export const orphansIn = (state: State, { things }: Holdings): string[] => {
  const known = wordsIn(state)
  return things
    .filter((t) => !t.implied && !t.ids.some((id) => known.has(id)))
    .map((t) => `${t.type} ${t.label}: no row knows it`)
}

/** Where the state says something else than the account: a row that is not ready, an id that is not there, a row too few or too many. */
export const untruthsIn = (state: State, wanted: readonly string[], { things }: Holdings): string[] => {
  const ids = new Set(things.flatMap((t) => t.ids))
  const rows = Object.entries(state.resources)
  const missing = wanted.filter((key) => !state.resources[key]).map((key) => `row ${key} is missing`)
  const strange = rows.filter(([key]) => !wanted.includes(key)).map(([key]) => `row ${key} should not be there`)
  const unready = rows.filter(([, row]) => row.is !== 'ready').map(([key, row]) => `row ${key} is ${row.is}`)
  const wrong = rows.flatMap(([key, { attrs = {} }]) =>
    ['id', 'arn', 'gatewayId', 'tableId', 'groupId']
      .flatMap((name) => attrs[name] ?? [])
      .filter((id) => typeof id === 'string' && id !== 'pending confirmation' && !ids.has(id))
      .map((id) => `row ${key} names ${id}, which is not there`),
  )
  return [...missing, ...strange, ...unready, ...wrong]
}

/** The rows as text, without what differs from run to run: equal stacks have equal rows. */
export const rowsOf = ({ state, account, sql }: Home, { things }: Holdings): string[] => {
  const plain = labelled(things, account.accountId)
  const own = (key: string, value: unknown): unknown =>
    ['at', 'took', 'token', 'ip', 'generation'].includes(key) ? undefined : value
  return (
    Object.entries(state.resources)
      // Its ARN is told only once a person has confirmed it, and to whoever looks later.
      .filter(([, row]) => row.type !== 'sns.subscription')
      .map(([key, row]) => plain(`${key} ${JSON.stringify(row, own)}`.replaceAll(`:${sql.port}`, ':<port>')))
  )
}
