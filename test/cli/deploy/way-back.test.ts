import { describe, expect, it } from 'vitest'
import type { Memory } from '../../../src/session/records/deployments.ts'
import { wayBack } from '../../../src/session/rollout/way-back.ts'
import type { ServicePlace } from '../../../src/session/service.ts'
import { account, arnOf, at, awsError } from '../../ecs/support.ts'

const history = (...all: number[]) =>
  account({
    ListServiceDeployments: {
      serviceDeployments: all.map((_, i) => ({ createdAt: at(i), targetServiceRevisionArn: `${i}` })),
    },
    DescribeServiceRevisions: {
      serviceRevisions: all.map((n, i) => ({ serviceRevisionArn: `${i}`, taskDefinition: arnOf(`web:${n}`) })),
    },
  })
const entry = (revision: string, healthy: boolean) => ({ revision, healthy, at: '', by: '', how: 'deploy' as const, changes: [] })
const back = (
  revision: string,
  ran: string | undefined,
  of: { entries?: Memory['entries']; aws?: ReturnType<typeof account> },
) => {
  const named = { key: undefined, cluster: 'shop', name: 'web' }
  const p = { aws: of.aws ?? history(), named, line: (verb: string, more = '') => `infra ${verb} web ${more}`.trim() }
  return wayBack(p as unknown as ServicePlace, { entries: of.entries ?? [] } as Memory, revision, ran)
}

describe('the way back', () => {
  it('is what is recorded as healthy; rollback finds that by itself', async () => {
    const entries = [entry('web:5', true), entry('web:4', false), entry('web:3', true)]
    expect(await back('web:5', 'web:4', { entries })).toEqual({ to: 'web:3', line: 'infra rollback web' })
  })

  it('without a record is named: what ran healthy when the rollout began', async () => {
    expect(await back('web:2', 'web:1', {})).toEqual({ to: 'web:1', line: 'infra rollback web --to web:1' })
  })

  it('of a forced rollout of the same revision is never that revision', async () => {
    expect(await back('web:3', 'web:3', { aws: history(1, 2, 3) })).toEqual({
      to: 'web:2',
      line: 'infra rollback web --to web:2',
    })
    expect(await back('web:3', 'web:3', { aws: history(3) })).toBeUndefined()
  })

  it('is none that the record never saw healthy: AWS counts a deployment of no task as one', async () => {
    const entries = [{ ...entry('web:2', true), from: 'web:1' }]
    expect(await back('web:2', undefined, { entries, aws: history(1, 2) })).toBeUndefined()
    const later = [
      { ...entry('web:3', true), from: 'web:2' },
      { ...entry('web:2', false), from: 'web:1' },
    ]
    expect(await back('web:3', undefined, { entries: later, aws: history(0, 1, 2, 3) })).toMatchObject({ to: 'web:0' })
  })

  it('is none after the first deploy, nor where nobody knows', async () => {
    expect(await back('web:2', undefined, {})).toBeUndefined()
    expect(
      await back('web:2', undefined, { aws: account({ ListServiceDeployments: awsError('AccessDeniedException') }) }),
    ).toBeUndefined()
    expect(
      await back('web:2', undefined, { aws: account({ ListServiceDeployments: awsError('ServerException') }) }),
    ).toBeUndefined()
  })
})
