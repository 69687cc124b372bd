/** All pages of a list: what each answer names as the next is asked for until none is named. */
export const pages = async <T>(
  ask: (next: string | undefined) => Promise<readonly [items: readonly T[] | undefined, next: string | undefined]>,
): Promise<T[]> => {
  const all: T[] = []
  for (let next: string | undefined, more = true; more; more = Boolean(next)) {
    const [items = [], after] = await ask(next)
    all.push(...items)
    next = after
  }
  return all
}
