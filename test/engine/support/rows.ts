import type { Row, Rows } from '../../../src/state/schema.ts'
import type { Session } from './session.ts'

/**
 * The state of one process, in memory. A change can be read back at once and is durable a moment later, like in a real store;
 * the ground's rows are all that the next process finds. Writes go into the cloud's log: `put net creating`, `put net creating+id`, `drop net`.
 */
export class MemoryRows implements Rows {
  readonly #session: Session
  readonly #rows: Map<string, Row>

  constructor(session: Session) {
    this.#session = session
    this.#rows = new Map(session.ground.rows)
  }
  row(key: string): Row | undefined {
    return this.#rows.get(key)
  }
  all(): ReadonlyMap<string, Row> {
    return this.#rows
  }
  put(key: string, row: Row): Promise<void> {
    // Through text, as a file would: what is not Json shows as a difference on the next run.
    const kept = JSON.parse(JSON.stringify(row)) as Row
    this.#rows.set(key, kept)
    return this.#session.call('write', `put ${key} ${row.is}${row.attrs ? '+id' : ''}`, (on) => void on.rows.set(key, kept))
  }
  drop(key: string): Promise<void> {
    this.#rows.delete(key)
    return this.#session.call('write', `drop ${key}`, (on) => void on.rows.delete(key))
  }
}
