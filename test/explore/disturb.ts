import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Run } from '../crash-real/home.ts'
import { landed } from '../crash-real/kill.ts'
import { lag } from '../crash-real/lag.ts'
import type { Call, FaultProxy, Rule } from '../support/proxy.ts'
import type { Trouble } from './sequence.ts'

/** Asked by tools of the local AWS, not by infra of AWS: nothing is done to them. */
const AWS = /^(?!.*infra-sandbox)/

/** Brings the trouble about, for the command that `run` starts. @returns how it ended, and what comes back to normal with it */
export const disturb = async (
  proxy: FaultProxy,
  trouble: Trouble,
  run: () => Run,
  meanwhile: () => Promise<void>,
): Promise<Awaited<Run['ended']> & { readonly reached: boolean }> => {
  let child: Run['child'] | undefined
  let reached = false
  const pending: Promise<void>[] = []
  const rule = (r: Omit<Rule, 'match'>): void => {
    reached = true
    proxy.rules = [{ match: AWS, ...r }]
  }
  const dead = async (): Promise<'drop'> => {
    if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    return 'drop'
  }
  /** At the n-th changing call, in one of its phases. */
  const at = (n: number, phase: 'before' | 'after', act: (call: Call) => Promise<undefined | 'drop'>): void => {
    let seen = 0
    let hit: Call | undefined
    proxy.before = async (call) => {
      if (call.changing && ++seen === n) hit = call
      return call === hit && phase === 'before' ? act(call) : undefined
    }
    proxy.after = async (call) => (call === hit && phase === 'after' ? act(call) : undefined)
  }
  switch (trouble.is) {
    case 'kill':
      at(trouble.call, trouble.phase, async () => {
        reached = true
        child?.kill('SIGKILL')
        return dead()
      })
      break
    case 'suspend':
      at(trouble.call, trouble.phase, async () => {
        reached = true
        child?.kill('SIGSTOP')
        pending.push(meanwhile().finally(() => child?.kill('SIGCONT')))
        return undefined
      })
      break
    case 'stalled':
      at(trouble.call, 'after', async () => {
        reached = true
        // The caller gives up, or ends.
        await Promise.race([sleep(45_000), dead()])
        return 'drop'
      })
      break
    case 'refused':
      at(trouble.call, 'before', async (call) => {
        reached = true
        proxy.rules = [
          {
            match: new RegExp(`^${call.op.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`),
            error: 'AccessDenied',
            status: 403,
            times: 1,
          },
        ]
        return undefined
      })
      break
    case 'lost':
      rule({ p: trouble.p, lose: true })
      break
    case 'error':
      rule({ p: trouble.p, error: trouble.code, status: trouble.status })
      break
    case 'slow-lists':
      reached = true
      lag(proxy, trouble.ms, 'all')
      break
  }
  const started = run()
  child = started.child
  const timer =
    trouble?.is === 'signal'
      ? setTimeout(() => {
          reached = child?.kill(trouble.signal) ?? false
        }, trouble.ms)
      : undefined
  try {
    const ended = await started.ended
    await Promise.all(pending)
    await landed(() => proxy.log)
    return { ...ended, reached }
  } finally {
    clearTimeout(timer)
    Object.assign(proxy, { before: undefined, after: undefined, edit: undefined, rules: [] })
  }
}
