import { describe, expect, it } from 'vitest'
import { Repository } from '../../../src/kinds/ecr/repository.ts'
import { noPolicy, shownRepository } from '../fixtures/ecr.ts'
import { fixtureOf } from '../fixtures/index.ts'
import { aws, cloud, stamp } from '../support/cloud.ts'
import { Run } from '../support/run.ts'

const fixture = fixtureOf('ecr.repository')
const want = fixture.want as unknown as Parameters<typeof Repository.create>[1]
const attrs = fixture.attrs as { id: string; arn: string; uri: string }
const kept = async (policy: unknown, part: object = {}) => {
  cloud({
    DescribeRepositories: { repositories: [{ ...shownRepository, ...part }] },
    GetLifecyclePolicy:
      policy instanceof Error ? policy : { lifecyclePolicyText: typeof policy === 'string' ? policy : JSON.stringify(policy) },
  })
  const seen = await Repository.observe(aws, stamp, want, attrs)
  return seen.is === 'absent' ? undefined : seen.props
}
const rule = {
  rulePriority: 1,
  selection: { countNumber: 10, countType: 'imageCountMoreThan', tagStatus: 'any' },
  action: { type: 'expire' },
}

describe('the rule that keeps the newest images', () => {
  it.each<[string, unknown, number]>([
    ['none', noPolicy, 0],
    ['without words of its own', { rules: [rule] }, 10],
    ['only of images without a tag', { rules: [{ ...rule, selection: { ...rule.selection, tagStatus: 'untagged' } }] }, 0],
    ['by age', { rules: [{ ...rule, selection: { ...rule.selection, countType: 'sinceImagePushed', countUnit: 'days' } }] }, 0],
    ['that moves images', { rules: [{ ...rule, action: { type: 'transition' } }] }, 0],
    ['beside another', { rules: [rule, { ...rule, rulePriority: 2 }] }, 0],
    ['no JSON', 'oops', 0],
  ])('%s', async (_, policy, keepImages) => {
    expect(await kept(policy)).toMatchObject({ keepImages })
  })

  it('goes in once the repository is recorded', async () => {
    const account = cloud({ ...fixture.nothing, ...fixture.writes })
    const run = new Run(Repository)
    expect(await run.create(want)).toEqual(attrs)
    expect(account.writes.map(([name]) => name)).toEqual(['CreateRepository', 'PutLifecyclePolicy'])
    expect(run.row?.is).toBe('ready')
  })
})

it('what AWS leaves out is its default', async () => {
  const bare = { imageTagMutability: undefined, imageScanningConfiguration: undefined, encryptionConfiguration: undefined }
  expect(await kept(noPolicy, bare)).toEqual({ scanOnPush: false, encryption: 'AES256', mutability: 'MUTABLE', keepImages: 0 })
})

it('asks for its tags only while it is not recorded', async () => {
  const account = cloud(fixture.there({}))
  await Repository.observe(aws, stamp, want, attrs)
  expect(account.actions).toEqual(new Set(['ecr:DescribeRepositories', 'ecr:GetLifecyclePolicy']))
})

it('costs by what is stored, and says so', () => {
  expect(Repository.facts.monthly?.({}, 'us-east-1')).toEqual([{ what: 'images', usd: 0, plusUsage: '$0.10 per GB stored' }])
})

it('holds data: it is never deleted without its own yes', () => {
  expect(Repository.facts.data).toBe(true)
})
