import { randomUUID } from 'node:crypto'
import type { JsonObject } from '../core/json.ts'
import type { Backend } from './backend.ts'
import { localBackend } from './local.ts'
import { checkIdentity, type Identity, readState } from './parse.ts'
import { FORMAT, type Row, type Rows, type StateFile } from './schema.ts'

/** A state in memory and at its place. Every `put` and `drop` resolves when it is durable; those that come together share one write. */
export class StoredState implements Rows {
  readonly #backend: Backend
  readonly #rows: Map<string, Row>
  #lookups: JsonObject
  #head: Omit<StateFile, 'resources' | 'lookups'>
  #writing: Promise<void> | undefined
  #begun = false
  #next: Promise<void> | undefined

  private constructor(backend: Backend, state: StateFile) {
    const { resources, lookups, ...head } = state
    this.#backend = backend
    this.#head = head
    this.#lookups = lookups
    this.#rows = new Map(Object.entries(resources))
  }

  /** @throws InfraError (exit 2) when it is corrupt, newer, or belongs to another project, account or region */
  static async open(backend: Backend, of: Identity & { account: string; region: string }): Promise<StoredState> {
    const found = await readState(backend)
    if (found) checkIdentity(backend.place, found, of)
    return new StoredState(
      backend,
      found ?? { format: FORMAT, ...of, lineage: randomUUID(), serial: 0, lookups: {}, resources: {} },
    )
  }

  /** Where it is kept, for a person. */
  get place(): string {
    return this.#backend.place
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
    return this.write({ [key]: row })
  }
  drop(key: string): Promise<void> {
    return this.write({ [key]: undefined })
  }
  async write(changes: Readonly<Record<string, Row | undefined>>): Promise<void> {
    // A row that must not be written (a Secret in it throws) would keep every later change of other rows from being saved, too.
    JSON.stringify(changes)
    for (const [key, row] of Object.entries(changes)) {
      if (row) this.#rows.set(key, row)
      else this.#rows.delete(key)
    }
    await this.#save()
  }
  remember(lookups: JsonObject): Promise<void> {
    if (JSON.stringify(lookups) === JSON.stringify(this.#lookups)) return Promise.resolve()
    this.#lookups = lookups
    return this.#save()
  }

  /** Changes that arrive while a write is under way go together into the next one. */
  #save(): Promise<void> {
    if (!this.#writing) {
      // A moment later: what is changed in one breath is written in one, so that a kill leaves all of it or nothing.
      this.#begun = false
      this.#writing = Promise.resolve()
        .then(() => {
          this.#begun = true
          return this.#write()
        })
        .finally(() => {
          this.#writing = undefined
        })
      return this.#writing
    }
    if (!this.#begun) return this.#writing
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
    await this.#backend.write(text)
  }
}

/** The state in a local file. */
export const LocalState = {
  open: (file: string, of: Identity & { account: string; region: string }): Promise<StoredState> =>
    StoredState.open(localBackend(file), of),
}
