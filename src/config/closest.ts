/** The candidate that a mistyped word was probably meant to be: at most a third of its letters differ. */
export const closest = (word: string, candidates: readonly string[]): string | undefined => {
  const ranked = candidates.map((c) => ({ c, d: distance(word.toLowerCase(), c.toLowerCase()) })).sort((a, b) => a.d - b.d)
  const [best] = ranked
  return best && best.d <= Math.max(2, Math.floor(best.c.length / 3)) ? best.c : undefined
}

const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (const [i, x] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, y] of [...b].entries())
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (x === y ? 0 : 1)))
    row = next
  }
  return row.at(-1) ?? 0
}
