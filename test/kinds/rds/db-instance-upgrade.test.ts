import { expect, it } from 'vitest'
import { haltedUpgrade } from '../../../src/kinds/rds/db-instance-upgrade.ts'
import { database, instance } from '../fixtures/db-instance.ts'
import { aws, awsError, cloud } from '../support/cloud.ts'

const REFUSED = 'Database instance is in a state that cannot be upgraded: PreUpgrade checks failed: Drop the extension chkpass.'
const event = (Message: string, at: string) => ({ Message, Date: new Date(at), SourceIdentifier: 'shop-dev-thing' })
const look = async (answer: unknown, shown: object = {}, version = '17.6', key = 'db-instance') => {
  const account = cloud({ DescribeEvents: answer })
  const halted = await haltedUpgrade(aws, key, { ...instance, ...shown }, { ...database, version }, '16.4')
  return { halted, asked: account.sent.length }
}

it('the newest event of an upgrade that was not made tells when, why, and what to do', async () => {
  const Events = [
    event('Backing up DB instance', '2026-12-01T05:00:00Z'),
    event(REFUSED, '2026-12-01T04:10:00Z'),
    event('DB engine version upgrade failed. The engine version upgrade rollback succeeded.', '2026-11-30T04:10:00Z'),
  ]
  expect((await look({ Events })).halted).toEqual({
    idle: true,
    gaveUp: {
      at: '2026-12-01T04:10:00.000Z',
      says: `RDS did not upgrade it from 16.4 to 17.6: ${REFUSED}`,
      next: expect.stringMatching(/pg_upgrade_precheck\.log.*shop-dev-thing\), then: infra create rds --retry-upgrade\. .*"16"/),
    },
  })
})

it('an upgrade that was made after it settles it', async () => {
  const Events = [event(REFUSED, '2026-11-30T04:10:00Z'), event('Engine version upgrade finished.', '2026-12-01T04:10:00Z')]
  expect((await look({ Events })).halted).toEqual({ idle: true })
})

it('all pages are read', async () => {
  const pages = (input: { Marker?: string }) =>
    input.Marker ? { Events: [event(REFUSED, '2026-12-01T04:10:00Z')] } : { Events: [], Marker: 'more' }
  const { halted, asked } = await look(pages)
  expect([halted.gaveUp?.at, asked]).toEqual(['2026-12-01T04:10:00.000Z', 2])
})

it.each([
  ['the version is the wanted one', {}, '16.4'],
  ['it is under way', { PendingModifiedValues: { EngineVersion: '17.6' } }, '17.6'],
  ['AWS is at work', { DBInstanceStatus: 'upgrading' }, '17.6'],
])('nobody is asked where %s', async (_, shown, version) => {
  expect(await look({ Events: [] }, shown, version)).toEqual({ halted: {}, asked: 0 })
})

it('without the permission nothing more is said; any other error passes through', async () => {
  expect((await look(awsError('AccessDenied'))).halted).toEqual({ idle: true })
  await expect(look(awsError('InternalFailure'))).rejects.toThrow()
})
