import type { Owner, Stamp, Tags } from '../../../src/engine/kind.ts'

/** The one stack of these tests. */
export const STACK = 'shop/dev'

/** Tags: `stack` and `key`, and what the resource itself declares. */
export const stampOf = (of: { key: string; name: string; tags?: Readonly<Record<string, string>> }, token = ''): Stamp => ({
  key: of.key,
  name: of.name,
  tags: { ...of.tags, stack: STACK, key: of.key },
  prefix: 'shop-dev',
  stack: STACK,
  token,
})

export const ownerOf = ({ stack, key }: Tags): Owner | undefined => (stack === undefined ? undefined : { stack, key })
