import type { Context } from './context.ts'
import { checkStop } from './errors.ts'

/** IAM tells other services of a new role within seconds, seldom within two minutes. */
const PROPAGATION_MS = 120_000
/** EC2 knows a new id everywhere within seconds. What is "not found" for longer is really not there. */
const NOT_FOUND_MS = 30_000

/**
 * A changing call that may come too early: what it names was made a moment ago and is not visible everywhere yet. Asked again,
 * densely; AWS refused it, so nothing happened. Any other error passes through.
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
      const patience = trouble === 'propagating' ? PROPAGATION_MS : trouble === 'gone' ? NOT_FOUND_MS : 0
      if (elapsedMs >= patience) throw error
      cx.report({ type: 'resource.waiting', key, status: 'what it needs is not visible everywhere yet', elapsedMs, minutes })
      await cx.clock.sleep(Math.min(2000, 250 * attempt), cx.signal)
    }
  }
}
