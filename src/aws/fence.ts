import type { Aws } from './clients.ts'
import type { Check } from './guard.ts'

/**
 * The operations that change nothing, by what their names begin with. Everything else counts as a change, also what nobody has
 * thought of yet.
 */
const READS = /^(Describe|Get|BatchGet|List|Head|Filter|Simulate|Look$|Login$|Sessions$)/
export const isRead = (operation: string): boolean => READS.test(operation)

type Send = (operation: string, input: object, check?: Check) => Promise<unknown>

/**
 * The same way to AWS, closed for changes from the moment on at which the run has lost its lock. The lock is asked right before each
 * call goes out, each further attempt of the SDK included: a suspended process may wake up anywhere. What is inside a database server
 * counts as well.
 */
export const fenced = (aws: Aws, check: Check): Aws => {
  const wrap = (send: Send): Send => {
    const checked: Send = async (operation, input) => {
      if (isRead(operation)) return send(operation, input)
      await check()
      return send(operation, input, check)
    }
    return checked
  }
  return Object.fromEntries(Object.entries(aws).map(([service, send]) => [service, wrap(send as Send)])) as unknown as Aws
}
