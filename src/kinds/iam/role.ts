import type { AttachedPolicy } from '@aws-sdk/client-iam'
import type { Aws } from '../../aws/clients.ts'
import { foreignTo, tagList, tagMap } from '../../aws/tags.ts'
import { codeOf, unlessGone } from '../../aws/trouble.ts'
import type { AwsKind } from '../kind.ts'
import { inWantedOrder } from '../sets.ts'
import { dropInlinePolicies, dropInlinePolicy, inlinePolicies, type Policies, putInlinePolicies } from './inline-policies.ts'

export type RoleProps = {
  /** The service that may assume it, for example monitoring.rds.amazonaws.com. */
  service: string
  description: string
  /** ARNs of managed policies. */
  managedPolicies: readonly string[]
  /** Documents of policies in the role itself, by name. Left out: nobody looks whether it has some. */
  policies?: Policies
}
export type RoleAttrs = {
  id: string
  arn: string
  /** It was made with policies of its own: only then a delete looks for them. */
  inline?: boolean
}

/** The service that may send enhanced monitoring through a role. */
const WATCHES = 'monitoring.rds.amazonaws.com'

/** An IAM role for one AWS service, with its policies. New roles reach other services some seconds later (the engine retries). */
export const Role: AwsKind<RoleProps, RoleAttrs> = {
  type: 'iam.role',
  async observe(aws, stamp, want, last, depth = 'props') {
    const RoleName = last?.id ?? stamp.name
    const [found, attached, inline] = await Promise.all([
      unlessGone(aws.iam('GetRole', { RoleName })),
      depth === 'props' ? unlessGone(aws.iam('ListAttachedRolePolicies', { RoleName })) : undefined,
      depth === 'props' && want.policies ? inlinePolicies(aws, RoleName) : undefined,
    ])
    const role = found?.Role
    if (!role?.Arn || role.RoleName !== RoleName) return { is: 'absent' }
    const tags = tagMap(role.Tags)
    return {
      is: 'ready',
      attrs: { id: RoleName, arn: role.Arn, ...(want.policies || last?.inline ? { inline: true } : {}) },
      props: {
        ...(depth === 'props' ? { managedPolicies: managedIn(attached?.AttachedPolicies, want.managedPolicies) } : {}),
        ...(inline ? { policies: inline } : {}),
      },
      tags,
      ...(last ? {} : foreignTo(stamp, tags, `the IAM role ${RoleName}`)),
    }
  },
  async create(aws, want, stamp) {
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: want.service }, Action: 'sts:AssumeRole' }],
    }
    const { Role: role } = await aws.iam('CreateRole', {
      RoleName: stamp.name,
      Description: want.description,
      AssumeRolePolicyDocument: JSON.stringify(trust),
      Tags: tagList(stamp.tags),
    })
    return {
      attrs: { id: stamp.name, arn: role?.Arn ?? '', ...(want.policies ? { inline: true } : {}) },
      ready: true,
      props: { managedPolicies: [], ...(want.policies ? { policies: {} } : {}) },
    }
  },
  async update(aws, attrs, want, changed) {
    if (changed.includes('policies')) await putInlinePolicies(aws, attrs.id, want.policies ?? {})
    if (!changed.includes('managedPolicies')) return 'done'
    const now =
      (await aws.iam('ListAttachedRolePolicies', { RoleName: attrs.id })).AttachedPolicies?.flatMap((p) => p.PolicyArn ?? []) ??
      []
    const missing = want.managedPolicies.filter((p) => !now.includes(p))
    const extra = now.filter((p) => !want.managedPolicies.includes(p))
    await Promise.all(missing.map((PolicyArn) => aws.iam('AttachRolePolicy', { RoleName: attrs.id, PolicyArn })))
    await Promise.all(extra.map((PolicyArn) => detach(aws, attrs.id, PolicyArn)))
    return 'done'
  },
  async tag(aws, attrs, tags) {
    await aws.iam('TagRole', { RoleName: attrs.id, Tags: tagList(tags) })
  },
  async delete(aws, attrs, how) {
    const { service, managedPolicies, policies = {} } = (how.want ?? {}) as Partial<RoleProps>
    // Another stack may have found it under the same name and use it as it is.
    const users = service === undefined || service === WATCHES ? await instancesWatchedBy(aws, attrs.arn) : []
    if (users.length > 0) return { stays: `the IAM role ${attrs.id}: ${users.join(', ')} uses it` }
    if (managedPolicies) {
      for (const arn of managedPolicies) await detach(aws, attrs.id, arn)
      for (const name of Object.keys(policies)) await dropInlinePolicy(aws, attrs.id, name)
      try {
        await aws.iam('DeleteRole', { RoleName: attrs.id })
        return
      } catch (error) {
        // It has policies that nobody recorded: only now is it worth a look.
        if (codeOf(error) !== 'DeleteConflict') throw error
      }
    }
    const { AttachedPolicies = [] } = await aws.iam('ListAttachedRolePolicies', { RoleName: attrs.id })
    for (const { PolicyArn } of AttachedPolicies) if (PolicyArn) await detach(aws, attrs.id, PolicyArn)
    if (attrs.inline) await dropInlinePolicies(aws, attrs.id)
    await aws.iam('DeleteRole', { RoleName: attrs.id })
  },
  facts: {
    title: 'IAM role',
    minutes: 0.2,
    iam: {
      observe: ['iam:GetRole', 'iam:ListAttachedRolePolicies', 'iam:ListRolePolicies', 'iam:GetRolePolicy'],
      create: ['iam:CreateRole', 'iam:TagRole'],
      update: [
        'iam:ListAttachedRolePolicies',
        'iam:AttachRolePolicy',
        'iam:DetachRolePolicy',
        'iam:ListRolePolicies',
        'iam:PutRolePolicy',
        'iam:DeleteRolePolicy',
        'iam:TagRole',
      ],
      delete: [
        'rds:DescribeDBInstances',
        'iam:ListAttachedRolePolicies',
        'iam:DetachRolePolicy',
        'iam:ListRolePolicies',
        'iam:DeleteRolePolicy',
        'iam:DeleteRole',
      ],
    },
    immutable: ['service', 'description'],
    found: 'name',
  },
}

const managedIn = (attached: readonly AttachedPolicy[] = [], want: readonly string[] | undefined): readonly string[] =>
  inWantedOrder(
    attached.flatMap((p) => p.PolicyArn ?? []),
    want,
  )

/** A lost answer makes the SDK ask again: then the policy is off already, which must not be taken for the role being gone. */
const detach = (aws: Aws, RoleName: string, PolicyArn: string): Promise<unknown> =>
  unlessGone(aws.iam('DetachRolePolicy', { RoleName, PolicyArn }))

/** DB instances that send their enhanced monitoring through the role. */
const instancesWatchedBy = async (aws: Aws, arn: string): Promise<string[]> => {
  const found: string[] = []
  for (let Marker: string | undefined, more = true; more; more = Marker !== undefined) {
    const page = await aws.rds('DescribeDBInstances', Marker ? { Marker } : {})
    found.push(
      ...(page.DBInstances ?? []).filter((d) => d.MonitoringRoleArn === arn).flatMap((d) => d.DBInstanceIdentifier ?? []),
    )
    Marker = page.Marker
  }
  return found
}
