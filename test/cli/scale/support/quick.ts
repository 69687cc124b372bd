/** Nobody waits, and what is waited for in vain comes to its end. */
export const quick = () => {
  let now = Date.now()
  return {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms
    },
  }
}
