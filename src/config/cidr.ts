/** An IPv4 block as numbers. */
export interface Block {
  readonly base: number
  readonly bits: number
}

/** Reads `10.0.0.0/16`. Undefined when it is not a block, or when bits behind the prefix are set. */
export const parseCidr = (text: string): Block | undefined => {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text)
  // AWS takes no leading zeros: some programs read 010 as 8.
  if (!match || /(^|[./])0\d/.test(text)) return undefined
  const [a = 0, b = 0, c = 0, d = 0, bits = 99] = match.slice(1).map(Number)
  if (Math.max(a, b, c, d) > 255 || bits > 32) return undefined
  const base = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d
  return base % sizeOf(bits) === 0 ? { base, bits } : undefined
}

export const showCidr = ({ base, bits }: Block): string =>
  `${[24, 16, 8, 0].map((s) => Math.floor(base / 2 ** s) % 256).join('.')}/${bits}`

const sizeOf = (bits: number): number => 2 ** (32 - bits)

export const contains = (outer: Block, inner: Block): boolean =>
  inner.bits >= outer.bits && inner.base >= outer.base && inner.base < outer.base + sizeOf(outer.bits)

export const overlap = (a: Block, b: Block): boolean => contains(a, b) || contains(b, a)

/**
 * Subnets for a VPC: the scripts' layout (public .1.0/24 onwards, private .10.0/24 onwards) where a /20 or larger has room for it,
 * else equal parts, public ones first.
 */
export const layout = (vpc: Block, zones: number): { publics: string[]; privates: string[] } => {
  const range = (n: number, of: (i: number) => Block): string[] => Array.from({ length: n }, (_, i) => showCidr(of(i)))
  if (vpc.bits <= 20) {
    const at = (i: number): Block => ({ base: vpc.base + i * 256, bits: 24 })
    return { publics: range(zones, (i) => at(1 + i)), privates: range(zones, (i) => at(10 + i)) }
  }
  const bits = vpc.bits + Math.ceil(Math.log2(2 * zones))
  const at = (i: number): Block => ({ base: vpc.base + i * sizeOf(bits), bits })
  return { publics: range(zones, at), privates: range(zones, (i) => at(zones + i)) }
}
