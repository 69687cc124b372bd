import { describe, expect, it } from 'vitest'
import { healthyRevisions } from '../../src/ecs/history.ts'
import { account, arnOf, at, awsError } from './support.ts'

/** @param all revisions of successful deployments, the oldest first */
const recorded = (...all: number[]) => {
  const serviceDeployments = all.map((_, i) => ({ createdAt: at(i), targetServiceRevisionArn: `revision/${i}` })).reverse()
  const serviceRevisions = all.map((n, i) => ({ serviceRevisionArn: `revision/${i}`, taskDefinition: arnOf(`web:${n}`) }))
  return account({ ListServiceDeployments: { serviceDeployments }, DescribeServiceRevisions: { serviceRevisions } })
}
const of = (...all: number[]) => healthyRevisions(recorded(...all), 'shop', 'web')

describe('what AWS has recorded as healthy', () => {
  it.each<[string, number[], string[]]>([
    ['nothing', [], []],
    ['the newest first', [1, 2, 4], ['web:4', 'web:2', 'web:1']],
    ['the same again, for new tasks', [1, 2, 2], ['web:2', 'web:1']],
    ['what was gone back from is left out', [1, 2, 3, 1], ['web:1']],
    ['and what came after that counts', [1, 2, 1, 4], ['web:4', 'web:1']],
  ])('%s', async (_, all, expected) => {
    expect(await of(...all)).toEqual(expected)
  })

  it('asks for those that ended well, and for their revisions once', async () => {
    const aws = recorded(1, 2)
    await healthyRevisions(aws, 'shop', 'web')
    expect(aws.sent).toEqual([
      ['ListServiceDeployments', { cluster: 'shop', service: 'web', status: ['SUCCESSFUL'], maxResults: 20 }],
      ['DescribeServiceRevisions', { serviceRevisionArns: ['revision/0', 'revision/1'] }],
    ])
  })

  it('is not known to who may not look, nor where AWS has no such record; any other error is one', async () => {
    for (const name of ['AccessDeniedException', 'UnsupportedFeatureException'])
      expect(await healthyRevisions(account({ ListServiceDeployments: awsError(name) }), 'shop', 'web')).toBeUndefined()
    const broken = account({ ListServiceDeployments: awsError('ServerException') })
    await expect(healthyRevisions(broken, 'shop', 'web')).rejects.toThrow('ServerException')
  })
})
