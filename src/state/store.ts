import { randomUUID } from 'node:crypto'
import type { Backend } from './backend.ts'
import { localBackend } from './local.ts'
import { type Facts, type Failover, type HandedOver, type Memory, NO_MEMORY, type Services } from './memory.ts'
import { checkIdentity, type Identity, readState } from './parse.ts'
import { FORMAT, type Row, type Rows, type StateFile } from './schema.ts'

/**
 * What one transaction may change: each of these is replaced as a whole, and rows by their keys. It is a copy until the transaction ends,
 * and frozen after that.
 */
export interface Draft {
  facts: Facts
  services: Services
  handedOver: HandedOver | undefined
  failover: Failover | undefined
  readonly resources: Record<string, Row>
}

/**
 * A state in memory and at its place. It changes by transactions only: each is in the file as a whole or not at all, and each promise
 * resolves when it is there. Transactions that come together share a write.
 */
export class StoredState implements Rows {
  readonly #backend: Backend
  readonly #rows: Map<string, Row>
  #memory: Memory
  #head: Omit<StateFile, 'format' | 'resources' | keyof Memory>
  /** Set until the first write of a state that was read in an older format: under which name that text stays. */
  #old: string | undefined
  #writing: Promise<void> | undefined
  #begun = false
  #next: Promise<void> | undefined
  /** The last write failed: what it held is in memory only. */
  #owed = false
  #changing = false

  private constructor(backend: Backend, state: StateFile) {
    const { format, resources, facts, services, handedOver, failover, ...head } = state
    this.#backend = backend
    this.#head = head
    this.#memory = { facts, services, handedOver, failover }
    this.#old = format < FORMAT ? `format-${format}` : undefined
    this.#rows = new Map(Object.entries(resources))
  }

  /** @throws InfraError (exit 2) when it is corrupt, newer, or belongs to another project, account or region */
  static async open(backend: Backend, of: Identity & { account: string; region: string }): Promise<StoredState> {
    const found = await readState(backend)
    if (found) checkIdentity(backend.place, found, of)
    return new StoredState(
      backend,
      found ?? { format: FORMAT, ...of, lineage: randomUUID(), serial: 0, ...NO_MEMORY, resources: {} },
    )
  }

  /** Where it is kept, for a person. */
  get place(): string {
    return this.#backend.place
  }
  get facts(): Facts {
    return this.#memory.facts
  }
  get services(): Services {
    return this.#memory.services
  }
  get handedOver(): HandedOver | undefined {
    return this.#memory.handedOver
  }
  get failover(): Failover | undefined {
    return this.#memory.failover
  }
  /** Nothing is recorded: there is no stack, or none that is known here. */
  get empty(): boolean {
    return this.#rows.size === 0 && JSON.stringify(this.#memory) === JSON.stringify(NO_MEMORY)
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
  write(changes: Readonly<Record<string, Row | undefined>>): Promise<void> {
    return this.update(({ resources }) => {
      for (const [key, row] of Object.entries(changes)) {
        if (row) resources[key] = row
        else delete resources[key]
      }
    })
  }

  /**
   * The one transaction: all that `change` does to the draft is one durable write, or nothing of it is. It runs to its end at once (a
   * function that awaits does not fit the type), so no other change and no kill can come between its lines. Where it throws, nothing has
   * changed; where it changes nothing, nothing is written. A row that is set anew is written even if it says the same: a run that has
   * lost its lock learns of it by that.
   * @throws (as a rejection) what `change` throws, and InfraError where the write fails; the next write holds the change then
   */
  async update(change: (draft: Draft) => undefined): Promise<void> {
    const { resources, ...memory } = this.#changed(change)
    const set = Object.entries(resources).filter(([key, row]) => this.#rows.get(key) !== row)
    const gone = [...this.#rows.keys()].filter((key) => !Object.hasOwn(resources, key))
    // What cannot be written (a Secret in it throws) must not stay in memory: no later change would be saved either.
    const known = JSON.stringify(memory) === JSON.stringify(this.#memory)
    JSON.stringify(set)
    if (set.length + gone.length === 0 && known && !this.#owed) return this.#next ?? this.#writing
    this.#memory = memory
    for (const [key, row] of set) this.#rows.set(key, row)
    for (const key of gone) this.#rows.delete(key)
    await this.#save()
  }

  /** @returns the draft, changed and closed: what is done to it later throws instead of being lost */
  #changed(change: (draft: Draft) => undefined): Draft {
    if (this.#changing) throw new TypeError('A transaction within a transaction would undo it')
    const { facts, services, handedOver, failover } = this.#memory
    const draft: Draft = { facts, services, handedOver, failover, resources: Object.fromEntries(this.#rows) }
    this.#changing = true
    try {
      const left: unknown = change(draft)
      // What it does later throws, and this is the better sentence.
      Promise.resolve(left).catch(() => undefined)
      if (left !== undefined) throw new TypeError('A transaction must not wait: what comes after would be in another write')
    } finally {
      this.#changing = false
      Object.freeze(draft)
      Object.freeze(draft.resources)
    }
    return draft
  }

  /** Transactions that arrive while a write is under way go together into the next one. */
  #save(): Promise<void> {
    if (!this.#writing) {
      // A moment later: transactions of the same moment share a write.
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
    const text = `${JSON.stringify({ format: FORMAT, ...this.#head, ...this.#memory, resources: sorted }, null, 2)}\n`
    try {
      await this.#backend.write(text, this.#old)
      this.#owed = false
      this.#old = undefined
    } catch (error) {
      this.#owed = true
      throw error
    }
  }
}

/** The state in a local file. */
export const LocalState = {
  open: (file: string, of: Identity & { account: string; region: string }): Promise<StoredState> =>
    StoredState.open(localBackend(file), of),
}
