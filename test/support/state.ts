import type { Backend } from '../../src/state/backend.ts'
import { type Facts, NO_MEMORY, type Services } from '../../src/state/memory.ts'
import { FORMAT, type Row, type StateFile } from '../../src/state/schema.ts'
import { StoredState } from '../../src/state/store.ts'

export const OF = { project: 'shop', environment: 'dev', account: '111122223333', region: 'us-east-1', sandbox: false }

/** A real state whose place is a text in memory; `texts` has all that was written, the newest last. */
export const memoryState = async (
  holds: { readonly facts?: Facts; readonly services?: Services; readonly resources?: Readonly<Record<string, Row>> } = {},
): Promise<{ state: StoredState; texts: string[]; written: () => StateFile[]; backend: Backend }> => {
  const texts: string[] = []
  let text: string | undefined = JSON.stringify({
    ...{ format: FORMAT, ...OF, lineage: 'l', serial: 1, ...NO_MEMORY, resources: {} },
    ...holds,
  })
  const backend: Backend = {
    place: 'memory',
    read: async () => text,
    async write(next) {
      // As a file does: not at once.
      await new Promise((done) => setImmediate(done))
      text = next
      texts.push(next)
    },
    leave: async (mark) => {
      text = mark
    },
    lock: async () => ({ check: async () => {}, release: async () => {} }),
    holder: async () => undefined,
    unlock: async () => {},
  }
  const state = await StoredState.open(backend, OF)
  return { state, texts, written: () => texts.map((t) => JSON.parse(t) as StateFile), backend }
}
