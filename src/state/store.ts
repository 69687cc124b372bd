import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { InfraError, refuse } from '../engine/errors.ts'
import { replace } from './file.ts'
import type { JsonObject } from './json.ts'
import { FORMAT, type Row, type Rows, type StateFile } from './schema.ts'

/** Whose state a file must be. `account` and `region` undefined: not known yet (offline), so not compared. */
export interface Identity {
  readonly project: string
  readonly environment: string
  readonly account?: string | undefined
  readonly region?: string | undefined
  readonly sandbox: boolean
}

/** Reads a state file. Undefined when there is none; refuses what it cannot trust and touches nothing. */
export const readState = async (file: string): Promise<StateFile | undefined> => {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new InfraError(`Cannot read ${file}`, { why: (error as Error).message, exitCode: 2, cause: error })
  }
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
  return state
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
  `The last good copy is ${file}.backup: compare, then put it in place: cp ${file}.backup ${file}`

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

/** The state in a local file. Every `put` and `drop` resolves when it is durable; those that come together share one write. */
export class LocalState implements Rows {
  readonly file: string
  readonly #rows: Map<string, Row>
  #lookups: JsonObject
  #head: Omit<StateFile, 'resources' | 'lookups'>
  #writing: Promise<void> | undefined
  #next: Promise<void> | undefined

  private constructor(file: string, state: StateFile) {
    const { resources, lookups, ...head } = state
    this.file = file
    this.#head = head
    this.#lookups = lookups
    this.#rows = new Map(Object.entries(resources))
  }

  /** @throws InfraError (exit 2) when the file is corrupt, newer, or belongs to another project, account or region */
  static async open(file: string, of: Identity & { account: string; region: string }): Promise<LocalState> {
    const found = await readState(file)
    if (found) checkIdentity(file, found, of)
    return new LocalState(file, found ?? { format: FORMAT, ...of, lineage: randomUUID(), serial: 0, lookups: {}, resources: {} })
  }

  get lookups(): JsonObject {
    return this.#lookups
  }
  row(key: string): Row | undefined {
    return this.#rows.get(key)
  }
  all(): ReadonlyMap<string, Row> {
    return this.#rows
  }
  async put(key: string, row: Row): Promise<void> {
    // A row that must not be written (a Secret in it throws) would keep every later change of other rows from being saved, too.
    JSON.stringify(row)
    this.#rows.set(key, row)
    await this.#save()
  }
  drop(key: string): Promise<void> {
    this.#rows.delete(key)
    return this.#save()
  }
  remember(lookups: JsonObject): Promise<void> {
    if (JSON.stringify(lookups) === JSON.stringify(this.#lookups)) return Promise.resolve()
    this.#lookups = lookups
    return this.#save()
  }

  /** Changes that arrive while a write is under way go together into the next one. */
  #save(): Promise<void> {
    if (!this.#writing) {
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined
      })
      return this.#writing
    }
    this.#next ??= this.#writing
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined
        return this.#save()
      })
    return this.#next
  }

  async #write(): Promise<void> {
    this.#head = { ...this.#head, serial: this.#head.serial + 1 }
    const sorted = Object.fromEntries([...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)))
    const text = `${JSON.stringify({ ...this.#head, lookups: this.#lookups, resources: sorted }, null, 2)}\n`
    try {
      await replace(this.file, text)
    } catch (error) {
      throw new InfraError(`Cannot write the state file ${this.file}`, {
        why: (error as Error).message,
        next: 'Make room or mend the permissions, then run the same command again: what was made meanwhile is found by its tags',
        cause: error,
      })
    }
  }
}
