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
    return this.write({ [key]: row })
  }
  drop(key: string): Promise<void> {
    return this.write({ [key]: undefined })
  }
  write(changes: Readonly<Record<string, Row | undefined>>): Promise<void> {
    // Through text, as a file would: what is not Json shows as a difference on the next run.
    const kept = Object.entries(changes).map(([key, row]) => [key, row && (JSON.parse(JSON.stringify(row)) as Row)] as const)
    const apply = (rows: Map<string, Row>): void => {
      for (const [key, row] of kept) row ? rows.set(key, row) : rows.delete(key)
    }
    apply(this.#rows)
    const text = kept.map(([key, row]) => (row ? `put ${key} ${row.is}${row.attrs ? '+id' : ''}` : `drop ${key}`)).join(', ')
    return this.#session.call('write', text, (on) => apply(on.rows))
  }
}
