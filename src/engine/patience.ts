import { AWAY, AWAY_MS, checkStop, EARLY, SLOWER, type Trouble } from '../core/errors.ts'
import type { Context } from './context.ts'

/** IAM tells other services of a new role within seconds, seldom within two minutes. */
const PROPAGATION_MS = 120_000
/** EC2 knows a new id everywhere within seconds. What is "not found" for longer is really not there. */
const NOT_FOUND_MS = 30_000
/** Some APIs take one call a second (ECS: new task definitions): a large stack has to stand in line. */
const THROTTLED_MS = 15 * 60_000

const PATIENCE: Partial<Record<Trouble, number>> = {
  propagating: PROPAGATION_MS,
  gone: NOT_FOUND_MS,
  throttled: THROTTLED_MS,
  unreachable: AWAY_MS,
}
const SAYS: Partial<Record<Trouble, string>> = { throttled: SLOWER, unreachable: AWAY }

/**
 * A changing call that may come too early: what it names was made a moment ago and is not visible everywhere yet, or another change
 * of it is under way. Asked again, densely; AWS refused it, so nothing happened. The same where AWS wants fewer calls a second, and where the call did not leave this
 * machine. Any other error passes through.
 */
export const patiently = async <C, T>(cx: Context<C>, key: string, minutes: number, call: () => Promise<T>): Promise<T> => {
  const began = cx.clock.now()
  for (let attempt = 1; ; attempt++) {
    checkStop(cx.signal)
    try {
      return await call()
    } catch (error) {
      const trouble = cx.classify(error)
      const elapsedMs = cx.clock.now() - began
      const patience = PATIENCE[trouble] ?? 0
      if (elapsedMs >= patience) throw error
      const status = SAYS[trouble] ?? EARLY
      cx.report({ type: 'resource.waiting', key, status, elapsedMs, minutes })
      // The SDK has asked several times before it says that it is throttled, or cannot reach anybody.
      const tried = SAYS[trouble] !== undefined
      await cx.clock.sleep(Math.min(tried ? 10_000 : 2000, (tried ? 1000 : 250) * attempt), cx.signal)
    }
  }
}
