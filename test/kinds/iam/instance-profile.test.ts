import { describe, expect, it } from 'vitest'
import { InstanceProfile } from '../../../src/kinds/iam/instance-profile.ts'
import { aws, awsError, cloud, stamp } from '../support/cloud.ts'

const InstanceProfileName = 'shop-dev-thing'
const attrs = { id: InstanceProfileName, arn: 'arn:profile' }
const holding = (...roles: string[]) => ({
  GetInstanceProfile: {
    InstanceProfile: { InstanceProfileName, Arn: 'arn:profile', Roles: roles.map((RoleName) => ({ RoleName })) },
  },
})
const gone = awsError('NoSuchEntity')
const put = (answers: object) => {
  const account = cloud({ AddRoleToInstanceProfile: {}, RemoveRoleFromInstanceProfile: {}, ...answers })
  return { done: InstanceProfile.update?.(aws, attrs, { role: 'shop-dev-role' }, ['role']), account }
}
const writes = (account: ReturnType<typeof cloud>) => account.writes.map(([operation]) => operation)

describe('the role in it', () => {
  it('a new one has none, and the engine puts it in', async () => {
    cloud({ CreateInstanceProfile: {} })
    expect(await InstanceProfile.create(aws, { role: 'shop-dev-role' }, stamp)).toMatchObject({
      ready: true,
      props: { role: '' },
    })
    const { done, account } = put(holding())
    expect(await done).toBe('done')
    expect(account.writes).toEqual([['AddRoleToInstanceProfile', { InstanceProfileName, RoleName: 'shop-dev-role' }]])
  })

  it('one that is in it already is left', async () => {
    const { done, account } = put(holding('shop-dev-role'))
    expect(await done).toBe('done')
    expect(account.writes).toEqual([])
  })

  it('an answer that was lost makes the SDK ask again, and there is room for one only: that is no error', async () => {
    let asked = 0
    const { done, account } = put({
      GetInstanceProfile: () => holding(...(asked++ === 0 ? [] : ['shop-dev-role'])).GetInstanceProfile,
      AddRoleToInstanceProfile: awsError('LimitExceededException'),
    })
    expect(await done).toBe('done')
    expect(writes(account)).toEqual(['AddRoleToInstanceProfile'])
  })

  it.each([
    ['LimitExceededException', 'another took the place'],
    ['NoSuchEntityException', 'the role is not visible yet: the engine asks again'],
  ])('%s is an error when %s', async (name) => {
    const { done } = put({ ...holding(), AddRoleToInstanceProfile: awsError(name) })
    await expect(done).rejects.toThrow(name)
  })

  it('one that went by itself keeps none from taking its place', async () => {
    const { done, account } = put({ ...holding('old'), RemoveRoleFromInstanceProfile: gone })
    expect(await done).toBe('done')
    expect(writes(account)).toEqual(['RemoveRoleFromInstanceProfile', 'AddRoleToInstanceProfile'])
  })

  it('one without a role is deleted at once', async () => {
    const account = cloud({ ...holding(), DeleteInstanceProfile: {} })
    await InstanceProfile.delete(aws, attrs, {})
    expect(writes(account)).toEqual(['DeleteInstanceProfile'])
  })
})
