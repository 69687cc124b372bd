import { LockLost } from '../core/errors.ts'
import { type Backend, Conflict, type ObjectStore } from './backend.ts'
import { type LeaseOptions, lease, leaseText, leaseWords } from './lease.ts'
import type { Lock } from './lock.ts'

/** Reads `s3://bucket/prefix`. */
export const parseS3 = (url: string): { readonly bucket: string; readonly prefix: string } => {
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(url) ?? []
  return { bucket, prefix: prefix.replace(/\/+$/, '') }
}

/** A state in a bucket, for a team. A run that was robbed of its lock cannot overwrite: its next write meets another version. */
export const s3Backend = (objects: ObjectStore, name: string, options: LeaseOptions = {}): Backend => {
  const [state, lockKey] = [`${name}.json`, `${name}.lock`]
  let tag: string | undefined
  /** What a write whose answer was lost may have written. */
  let doubtful: string | undefined
  let held: Lock | undefined
  let tell: (why: LockLost) => void = () => undefined
  const keepAs = async (name: string): Promise<void> => {
    const [now, before] = [await objects.get(state), await objects.get(`${state}.${name}`)]
    // Another run has written meanwhile: the write itself meets that.
    if (now && now.tag === tag) await objects.put(`${state}.${name}`, now.text, before?.tag)
  }
  return {
    place: objects.place(state),
    async read() {
      const found = await objects.get(state)
      tag = found?.tag
      return found?.text
    },
    async write(text, keep) {
      // The version alone does not tell: a run may have been suspended before it read the state.
      await held?.check()
      try {
        if (keep !== undefined) await keepAs(keep)
        tag = await objects.put(state, text, tag)
        doubtful = undefined
      } catch (error) {
        if (!(error instanceof Conflict)) {
          doubtful = text
          throw error
        }
        const found = doubtful === undefined ? undefined : await objects.get(state)
        if (found && found.text === doubtful) {
          // It has taken effect all the same, so it is what is replaced now.
          doubtful = undefined
          tag = found.tag
          return this.write(text)
        }
        const why = new LockLost(`${objects.place(state)} was changed by another run`)
        tell(why)
        throw why
      }
    },
    async leave(mark) {
      await held?.check()
      const now = await objects.get(state)
      if (!now || now.tag !== tag) throw new LockLost(`${objects.place(state)} was changed by another run`)
      await keepAs('moved')
      tag = await objects.put(state, mark, now.tag)
    },
    async lock(command, note, lost) {
      tell = lost
      const taken = await lease(objects, lockKey, command, note, lost, options)
      held = taken
      return {
        check: taken.check,
        async release() {
          held = undefined
          await taken.release()
        },
      }
    },
    async holder() {
      const found = await objects.get(lockKey)
      return found && leaseWords(leaseText(found.text))
    },
    unlock: () => objects.remove(lockKey),
  }
}
