import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { InfraError, refuse } from '../engine/errors.ts'
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
  const sound =
    state !== null &&
    typeof state === 'object' &&
    typeof state.format === 'number' &&
    state.resources !== null &&
    typeof state.resources === 'object'
  if (!sound)
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
  for (const [key, row] of Object.entries(state.resources))
    if (typeof row?.type !== 'string' || !['creating', 'ready', 'deleting'].includes(row.is) || !Array.isArray(row.deps))
      throw refuse(`The entry "${key}" in ${file} is not whole`, 'it was edited by hand; nothing was changed', restoreHint(file))
  return state
}

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
  put(key: string, row: Row): Promise<void> {
    this.#rows.set(key, row)
    return this.#save()
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

/** Atomic and durable: a reader, also one after a power cut, finds the old text or the new. The old one stays as `.backup`. */
const replace = async (file: string, text: string): Promise<void> => {
  const folder = dirname(file)
  await mkdir(folder, { recursive: true })
  const temp = `${file}.${process.pid}.tmp`
  const handle = await open(temp, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await keepBackup(file)
  await rename(temp, file)
  const dir = await open(folder, 'r')
  try {
    await dir.sync()
  } catch (error) {
    // Windows and some network file systems cannot sync a folder; the rename itself is atomic there too.
    if (!['EPERM', 'EISDIR', 'EINVAL', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    await dir.close()
  }
}

const keepBackup = async (file: string): Promise<void> => {
  const temp = `${file}.${process.pid}.backup.tmp`
  try {
    await rm(temp, { force: true })
    await link(file, temp)
    await rename(temp, `${file}.backup`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
