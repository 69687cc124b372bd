import { type InfraError, refuse } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Backend } from './backend.ts'
import { stateFile } from './checks.ts'
import { fromFormat1, inFormat1 } from './migrate.ts'
import { movedIn } from './moved.ts'
import { FORMAT, type Row, type StateFile } from './schema.ts'
import { isObject, type Wrong } from './shape.ts'

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

/**
 * A state from its text. One of an older format comes in the form of today, and `format` still says which one it was.
 * @throws InfraError (exit 2) for a text that is no whole state of a format that is known; Moved where it says that it is elsewhere
 */
export const parseState = (text: string, file: string): StateFile => {
  let found: JsonObject
  try {
    found = JSON.parse(text) as JsonObject
  } catch (error) {
    throw refuse(
      `The state file ${file} is not whole (${(error as Error).message})`,
      'it was cut off or edited by hand; nothing was changed',
      restoreHint(file),
    )
  }
  const moved = isObject(found) ? movedIn(found, file) : undefined
  if (moved) throw moved
  if (!isObject(found) || typeof found.format !== 'number' || !isObject(found.resources))
    throw refuse(
      `${file} is not a state file of infra`,
      'it has no "format" and "resources"; nothing was changed',
      restoreHint(file),
    )
  const { format } = found
  if (format > FORMAT)
    throw refuse(
      `${file} was written by a newer infra (format ${format}, this one knows ${FORMAT})`,
      'nothing was changed',
      'Update infra, then run the command again',
    )
  const damaged = ({ at, not }: Wrong): InfraError =>
    refuse(`In ${file}, ${at.join('.')} is not ${not}`, 'it was edited by hand; nothing was changed', restoreHint(file))
  if (format < FORMAT && !isObject(found.lookups)) throw damaged({ at: ['lookups'], not: 'an object' })
  const state = (format < FORMAT ? fromFormat1(found) : found) as unknown as StateFile
  const wrong = stateFile(state)
  if (wrong) throw damaged(format < FORMAT ? { ...wrong, at: inFormat1(wrong.at) } : wrong)
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
