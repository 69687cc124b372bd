import type { InstanceProfile as Profile } from '@aws-sdk/client-iam'
import type { Aws } from '../../aws/clients.ts'
import { foreignTo, tagList, tagMap } from '../../aws/tags.ts'
import { codeOf, unlessGone } from '../../aws/trouble.ts'
import type { AwsKind } from '../kind.ts'

export type InstanceProfileProps = {
  /** The name of the one role in it. */
  role: string
}
export type InstanceProfileAttrs = { id: string; arn: string }

/** What hands a role to an EC2 instance. EC2 knows a new one some seconds later (the engine asks again). */
export const InstanceProfile: AwsKind<InstanceProfileProps, InstanceProfileAttrs> = {
  type: 'iam.instance-profile',
  async observe(aws, stamp, _want, last) {
    const name = last?.id ?? stamp.name
    const profile = await get(aws, name)
    if (!profile?.Arn) return { is: 'absent' }
    const tags = tagMap(profile.Tags)
    return {
      is: 'ready',
      attrs: { id: name, arn: profile.Arn },
      props: { role: roleIn(profile) ?? '' },
      tags,
      ...(last ? {} : foreignTo(stamp, tags, `the instance profile ${name}`)),
    }
  },
  async create(aws, _want, stamp) {
    const made = await aws.iam('CreateInstanceProfile', { InstanceProfileName: stamp.name, Tags: tagList(stamp.tags) })
    // The role goes in with a call of its own, once the profile is recorded.
    return { attrs: { id: stamp.name, arn: made.InstanceProfile?.Arn ?? '' }, ready: true, props: { role: '' } }
  },
  async update(aws, attrs, want) {
    const before = roleIn(await get(aws, attrs.id))
    if (before === want.role) return 'done'
    if (before !== undefined) await remove(aws, attrs.id, before)
    try {
      await aws.iam('AddRoleToInstanceProfile', { InstanceProfileName: attrs.id, RoleName: want.role })
    } catch (error) {
      // A lost answer makes the SDK ask again, and a profile takes one role only.
      if (codeOf(error) !== 'LimitExceeded' || roleIn(await get(aws, attrs.id)) !== want.role) throw error
    }
    return 'done'
  },
  async tag(aws, attrs, tags) {
    await aws.iam('TagInstanceProfile', { InstanceProfileName: attrs.id, Tags: tagList(tags) })
  },
  async delete(aws, attrs) {
    const role = roleIn(await get(aws, attrs.id))
    if (role !== undefined) await remove(aws, attrs.id, role)
    await aws.iam('DeleteInstanceProfile', { InstanceProfileName: attrs.id })
  },
  facts: {
    title: 'instance profile',
    minutes: 0.1,
    iam: {
      observe: ['iam:GetInstanceProfile'],
      create: ['iam:CreateInstanceProfile', 'iam:TagInstanceProfile'],
      update: [
        'iam:GetInstanceProfile',
        'iam:RemoveRoleFromInstanceProfile',
        'iam:AddRoleToInstanceProfile',
        'iam:PassRole',
        'iam:TagInstanceProfile',
      ],
      delete: ['iam:GetInstanceProfile', 'iam:RemoveRoleFromInstanceProfile', 'iam:DeleteInstanceProfile'],
    },
    found: 'name',
  },
}

const get = async (aws: Aws, InstanceProfileName: string): Promise<Profile | undefined> => {
  const found = (await unlessGone(aws.iam('GetInstanceProfile', { InstanceProfileName })))?.InstanceProfile
  return found?.InstanceProfileName === InstanceProfileName ? found : undefined
}

const roleIn = (profile: Profile | undefined): string | undefined => profile?.Roles?.[0]?.RoleName

const remove = (aws: Aws, InstanceProfileName: string, RoleName: string): Promise<unknown> =>
  unlessGone(aws.iam('RemoveRoleFromInstanceProfile', { InstanceProfileName, RoleName }))
