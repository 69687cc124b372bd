import { type Backend, Conflict, type ObjectStore } from './backend.ts'
import { type LeaseOptions, lease, leaseText, leaseWords } from './lease.ts'

/** Reads `s3://bucket/prefix`. */
export const parseS3 = (url: string): { readonly bucket: string; readonly prefix: string } => {
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(url) ?? []
  return { bucket, prefix: prefix.replace(/\/+$/, '') }
}

/** A state in a bucket, for a team. A run that was robbed of its lock cannot overwrite: its next write meets another version. */
export const s3Backend = (objects: ObjectStore, name: string, options: LeaseOptions = {}): Backend => {
  const [state, lockKey] = [`${name}.json`, `${name}.lock`]
  let tag: string | undefined
  return {
    place: objects.place(state),
    async read() {
      const found = await objects.get(state)
      tag = found?.tag
      return found?.text
    },
    async write(text) {
      try {
        tag = await objects.put(state, text, tag)
      } catch (error) {
        if (error instanceof Conflict) throw new Conflict(objects.place(state))
        throw error
      }
    },
    lock: (command, note, lost) => lease(objects, lockKey, command, note, lost, options),
    async holder() {
      const found = await objects.get(lockKey)
      return found && leaseWords(leaseText(found.text))
    },
    unlock: () => objects.remove(lockKey),
  }
}
