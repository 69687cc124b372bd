import { describe, expect, it } from 'vitest'
import { mustWake } from '../../src/engine/asleep.ts'
import type { AnyKind, AnySeen } from '../../src/engine/kind.ts'

const kind = (facts: object = {}, unguard = true): AnyKind<unknown> =>
  ({ ...(unguard ? { unguard: async () => undefined } : {}), facts }) as unknown as AnyKind<unknown>
const seen = (more: object = {}): AnySeen => ({ is: 'ready', attrs: {}, note: 'stopped', asleep: 'infra db start', ...more })
const snapshotName = () => 'last'

describe('what is switched off', () => {
  it('cannot go while it is protected, or while a last snapshot is wanted', () => {
    expect(mustWake('db', seen({ guarded: true }), kind(), false)).toMatchObject({
      what: 'db is stopped',
      why: 'AWS takes off its deletion protection only while it runs',
      next: 'infra db start, then the same destroy again',
      exitCode: 2,
    })
    expect(mustWake('db', seen(), kind({ snapshotName }), true)?.why).toContain('takes a final snapshot only while it runs')
  })

  it('can go otherwise, and what runs can always go', () => {
    expect(mustWake('db', seen(), kind({ snapshotName }), false)).toBeUndefined()
    expect(mustWake('db', seen({ guarded: true }), kind({}, false), false)).toBeUndefined()
    expect(mustWake('db', seen({ asleep: undefined, guarded: true }), kind({ snapshotName }), true)).toBeUndefined()
    expect(mustWake('db', { is: 'absent' }, kind({ snapshotName }), true)).toBeUndefined()
    expect(mustWake('db', undefined, kind({ snapshotName }), true)).toBeUndefined()
  })
})
