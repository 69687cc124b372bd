import { describe, expect, it } from 'vitest'
import { LogGroup } from '../../../src/kinds/logs/log-group.ts'
import { awsError, cloud, stamp } from '../support/cloud.ts'
import { Run } from '../support/run.ts'

const busy = awsError(
  'OperationAbortedException',
  'A conflicting operation is currently in progress against this resource. Please try again.',
)
/** An account in which each of these operations is refused so often before it is carried out. */
const account = (refusals: Record<string, number>) => {
  const group: { retentionInDays?: number } = {}
  let there = false
  const left = { ...refusals }
  const done = (operation: string, effect: () => void) => () => {
    left[operation] = (left[operation] ?? 0) - 1
    if ((left[operation] ?? 0) >= 0) return busy
    effect()
    return {}
  }
  return cloud({
    DescribeLogGroups: () => ({
      logGroups: there
        ? [{ logGroupName: stamp.name, arn: `arn:aws:logs:us-east-1:111122223333:log-group:${stamp.name}:*`, ...group }]
        : [],
    }),
    ListTagsForResource: { tags: stamp.tags },
    CreateLogGroup: done('CreateLogGroup', () => {
      there = true
    }),
    PutRetentionPolicy: done('PutRetentionPolicy', () => {
      group.retentionInDays = 30
    }),
    DeleteLogGroup: done('DeleteLogGroup', () => {
      there = false
    }),
  })
}

describe('a log group that AWS is still at work on', () => {
  it('is asked for again until it is made, kept for so long, and deleted', async () => {
    const sent = account({ CreateLogGroup: 5, PutRetentionPolicy: 5, DeleteLogGroup: 5 })
    const run = new Run(LogGroup)
    await run.create({ retentionDays: 30 })
    expect(run.row).toMatchObject({ is: 'ready', want: { retentionDays: 30 } })
    await run.destroy()
    expect(run.row).toBeUndefined()
    const count = (operation: string): number => sent.sent.filter(([name]) => name === operation).length
    expect(['CreateLogGroup', 'PutRetentionPolicy', 'DeleteLogGroup'].map(count)).toEqual([6, 6, 6])
    expect(new Set(run.waited())).toContain('AWS is not ready for it yet; asked again')
  })

  it('is not waited for for ever', async () => {
    account({ CreateLogGroup: 9999 })
    const run = new Run(LogGroup)
    const began = run.clock.now()
    await expect(run.create({ retentionDays: 30 })).rejects.toBe(busy)
    expect(run.clock.now() - began).toBeLessThan(200_000)
  })
})
