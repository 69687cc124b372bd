import { Conflict, type ObjectStore } from '../../src/state/backend.ts'

export interface Bucket extends ObjectStore {
  readonly objects: Map<string, { readonly text: string; readonly tag: string }>
  puts: number
}

/** A bucket in memory, with versions. */
export const bucket = (): Bucket => {
  const objects: Bucket['objects'] = new Map()
  return {
    objects,
    puts: 0,
    place: (key) => `s3://b/${key}`,
    async get(key) {
      return objects.get(key)
    },
    async put(key, text, replaces) {
      if (objects.get(key)?.tag !== replaces) throw new Conflict(key)
      const tag = `"${++this.puts}"`
      objects.set(key, { text, tag })
      return tag
    },
    async remove(key, only) {
      if (only === undefined || objects.get(key)?.tag === only) objects.delete(key)
    },
  }
}
