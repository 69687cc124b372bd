import { describe, expect, it } from 'vitest'
import { findService } from '../../src/ecs/service.ts'
import { justMade } from '../../src/session/owner.ts'
import { fakeAws } from '../support/models/fake.ts'
import { quickClock } from './support.ts'

const SHOWN = { services: [{ serviceName: 'web', status: 'ACTIVE', taskDefinition: 'web:1' }] }
const MISSING = { services: [], failures: [{ reason: 'MISSING' }] }
const signal = new AbortController().signal

/** What DescribeServices answers, look by look; the last one for ever. */
const account = (...looks: (object | Error)[]) => {
  let asked = 0
  const ecs = async (operation: string): Promise<object> => {
    if (operation === 'DescribeTaskDefinition') return { taskDefinition: { taskDefinitionArn: 'web:1' } }
    const look = looks[Math.min(asked++, looks.length - 1)]
    if (look instanceof Error) throw look
    return look ?? {}
  }
  return { aws: fakeAws({ ecs }), asked: () => asked }
}
const patience = (until: number) => ({ until, clock: quickClock(), signal })

describe('a service that was made a moment ago', () => {
  it.each([
    ['MISSING', MISSING],
    ['an empty answer', {}],
    ['an unknown cluster', Object.assign(new Error('Cluster not found.'), { name: 'ClusterNotFoundException' })],
  ])('%s is not believed at once', async (_, late) => {
    const { aws, asked } = account(late, late, SHOWN)
    expect(await findService(aws, 'shop', 'web', undefined, patience(20_000))).toMatchObject({ name: 'web' })
    expect(asked()).toBe(3)
  })
  it('and is, once the patience is over', async () => {
    const { aws, asked } = account(MISSING)
    const no = findService(aws, 'shop', 'web', 'Create it', patience(3000))
    await expect(no).rejects.toMatchObject({ what: 'There is no service web in the cluster shop', next: 'Create it' })
    expect(asked()).toBe(7)
  })
  it('one look is enough for any other', async () => {
    const { aws, asked } = account(MISSING)
    await expect(findService(aws, 'shop', 'web')).rejects.toMatchObject({ exitCode: 2 })
    expect(asked()).toBe(1)
  })
})

describe('which service that is', () => {
  const at = (ageMs: number, row: object = {}) => {
    const clock = { ...quickClock(), now: () => Date.parse('2026-12-01T00:00:00Z') }
    const made = { is: 'ready', attrs: { id: 'web' }, at: new Date(clock.now() - ageMs).toISOString(), ...row }
    const stack = { state: { row: (key: string) => (key === 'web-service' ? made : undefined) } }
    const s = { ...stack, context: () => ({ clock, signal, graceMs: 20_000 }) }
    return (key?: string) => justMade(s as unknown as Parameters<typeof justMade>[0], key)?.until
  }
  it('is told by the record, for the grace that the engine has', () => {
    expect(at(5000)('web')).toBe(Date.parse('2026-12-01T00:00:15Z'))
    expect(at(20_000)('web')).toBeUndefined()
    expect(at(5000)('api')).toBeUndefined()
    expect(at(5000)(undefined)).toBeUndefined()
    expect(at(5000, { attrs: undefined })('web')).toBeUndefined()
    expect(at(5000, { is: 'deleting' })('web')).toBeUndefined()
  })
})
