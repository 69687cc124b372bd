import { refuse } from '../core/errors.ts'
import type { Backend } from './backend.ts'
import { movedIn } from './moved.ts'
import { FORMAT, type Row, type StateFile } from './schema.ts'

/** Whose state a file must be. `account` and `region` undefined: not known yet (offline), so not compared. */
export interface Identity {
  readonly project: string
  readonly environment: string
  readonly account?: string | undefined
  readonly region?: string | undefined
  readonly sandbox: boolean
}

/** Reads a state. Undefined when there is none; refuses what it cannot trust and touches nothing. */
export const readState = async (backend: Pick<Backend, 'read' | 'place'>): Promise<StateFile | undefined> => {
  const text = await backend.read()
  return text === undefined ? undefined : parseState(text, backend.place)
}

/** @throws InfraError (exit 2) for a text that is no whole state of a format that is known; Moved where it says that it is elsewhere */
export const parseState = (text: string, file: string): StateFile => {
  let state: StateFile
  try {
    state = JSON.parse(text) as StateFile
  } catch (error) {
    throw refuse(
      `The state file ${file} is not whole (${(error as Error).message})`,
      'it was cut off or edited by hand; nothing was changed',
      restoreHint(file),
    )
  }
  const moved = isObject(state) ? movedIn(state, file) : undefined
  if (moved) throw moved
  if (!isObject(state) || typeof state.format !== 'number' || !isObject(state.resources))
    throw refuse(
      `${file} is not a state file of infra`,
      'it has no "format" and "resources"; nothing was changed',
      restoreHint(file),
    )
  if (state.format > FORMAT)
    throw refuse(
      `${file} was written by a newer infra (format ${state.format}, this one knows ${FORMAT})`,
      'nothing was changed',
      'Update infra, then run the command again',
    )
  if (typeof state.lineage !== 'string' || typeof state.serial !== 'number' || !isObject(state.lookups))
    throw refuse(`The head of ${file} is not whole`, 'it was edited by hand; nothing was changed', restoreHint(file))
  for (const [key, row] of Object.entries(state.resources))
    if (!isRow(row))
      throw refuse(`The entry "${key}" in ${file} is not whole`, 'it was edited by hand; nothing was changed', restoreHint(file))
  const cycle = cycleIn(state.resources)
  if (cycle)
    throw refuse(
      `In ${file}, ${cycle[0]} needs itself: ${cycle.join(' -> ')}`,
      'it was edited by hand or merged; nothing was changed',
      restoreHint(file),
    )
  return state
}

/** Entries that need each other in a circle, the first one again at the end; undefined: there is no such circle. */
const cycleIn = (rows: Readonly<Record<string, Row>>): string[] | undefined => {
  const done = new Set<string>()
  for (const first of Object.keys(rows)) {
    const path = [first]
    const left = [[...(rows[first]?.deps ?? [])]]
    while (path.length > 0) {
      const next = left.at(-1)?.pop()
      if (next === undefined) {
        done.add(path.pop() ?? '')
        left.pop()
      } else if (path.includes(next)) return [...path.slice(path.indexOf(next)), next]
      else if (!done.has(next) && Object.hasOwn(rows, next)) {
        path.push(next)
        left.push([...(rows[next]?.deps ?? [])])
      }
    }
  }
  return undefined
}

const isObject = (value: unknown): boolean => value !== null && typeof value === 'object' && !Array.isArray(value)

/** All that the engine relies on: a row that lacks some of it would fail in the middle of a run, after the first calls. */
const isRow = (row: Partial<Row> | null): boolean =>
  row !== null &&
  [row.type, row.step, row.name, row.token].every((text) => typeof text === 'string') &&
  ['creating', 'ready', 'deleting'].includes(String(row.is)) &&
  !Number.isNaN(Date.parse(String(row.at))) &&
  isObject(row.want) &&
  (row.attrs === undefined || isObject(row.attrs)) &&
  Array.isArray(row.deps) &&
  row.deps.every((dep) => typeof dep === 'string')

const restoreHint = (file: string): string =>
  file.startsWith('s3:')
    ? `Restore the last good version of ${file} (aws s3api list-object-versions), or rebuild it: infra recover`
    : `The last good copy is ${file}.backup: compare, then put it in place: cp ${file}.backup ${file}`

/** Refuses a state that belongs to something else than this run. */
export const checkIdentity = (file: string, state: StateFile, of: Identity): void => {
  const differs = (what: string, is: string | boolean, now: string | boolean | undefined): void => {
    if (now !== undefined && is !== now)
      throw refuse(
        `${file} belongs to ${what} ${is}, but this run is for ${what} ${now}`,
        'working on would leave the recorded resources behind and make others; nothing was changed',
        `Use the credentials and settings of ${what} ${is}, or another --env`,
      )
  }
  differs('project', state.project, of.project)
  differs('environment', state.environment, of.environment)
  differs('account', state.account, of.account)
  differs('region', state.region, of.region)
}
