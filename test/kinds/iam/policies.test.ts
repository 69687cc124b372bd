import { describe, expect, it } from 'vitest'
import { Role, type RoleProps } from '../../../src/kinds/iam/role.ts'
import { aws, awsError, cloud, stamp, TAG_LIST } from '../support/cloud.ts'

const RoleName = 'shop-dev-thing'
const arn = `arn:aws:iam::111122223333:role/${RoleName}`
const document = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: 'arn:aws:secretsmanager:x:1:secret:a/b-AbCdEf' },
  ],
}
const want: RoleProps = {
  service: 'ec2.amazonaws.com',
  description: 'Bastion',
  managedPolicies: [],
  policies: { 'read-secret': document },
}
const { policies: _, ...without } = want
const attrs = { id: RoleName, arn, inline: true }
/** As IAM answers documents: URL-encoded, here with other blanks and another order of the keys. */
const encoded = encodeURIComponent(JSON.stringify({ Statement: document.Statement, Version: document.Version }, null, 2))
const role = { GetRole: { Role: { RoleName, Arn: arn, Tags: TAG_LIST } }, ListAttachedRolePolicies: { AttachedPolicies: [] } }
const there = {
  ...role,
  ListRolePolicies: { PolicyNames: ['read-secret'], IsTruncated: false },
  GetRolePolicy: { PolicyDocument: encoded },
}

describe('a role with policies of its own', () => {
  it.each([undefined, attrs])('reads them back as documents (recorded: %o)', async (last) => {
    const account = cloud(there)
    const seen = await Role.observe(aws, stamp, want, last)
    expect(seen).toMatchObject({ is: 'ready', attrs, props: { policies: want.policies } })
    expect(Role.facts.iam.observe).toEqual(expect.arrayContaining([...account.actions]))
  })

  it('a document that is not encoded is read too, and one that is no JSON is another one', async () => {
    cloud({ ...there, GetRolePolicy: { PolicyDocument: JSON.stringify(document) } })
    expect(await Role.observe(aws, stamp, want, attrs)).toMatchObject({ props: { policies: want.policies } })
    cloud({ ...there, GetRolePolicy: { PolicyDocument: '%%%' } })
    expect(await Role.observe(aws, stamp, want, attrs)).toMatchObject({ props: { policies: { 'read-secret': {} } } })
  })

  it('sees those that somebody added, on every page', async () => {
    cloud({
      ...there,
      ListRolePolicies: (input: { Marker?: string }) =>
        input.Marker ? { PolicyNames: ['theirs'] } : { PolicyNames: ['read-secret'], IsTruncated: true, Marker: 'm' },
    })
    const seen = await Role.observe(aws, stamp, want, attrs)
    expect(seen.is !== 'absent' && Object.keys(seen.props?.policies ?? {})).toEqual(['read-secret', 'theirs'])
  })

  it('is absent when the role is gone, and one that vanishes meanwhile is not there', async () => {
    cloud({
      GetRole: awsError('NoSuchEntity'),
      ListAttachedRolePolicies: awsError('NoSuchEntity'),
      ListRolePolicies: awsError('NoSuchEntity'),
    })
    expect((await Role.observe(aws, stamp, want, attrs)).is).toBe('absent')
    cloud({ ...there, GetRolePolicy: awsError('NoSuchEntity') })
    expect(await Role.observe(aws, stamp, want, attrs)).toMatchObject({ props: { policies: {} } })
  })

  it('throws what is no answer', async () => {
    for (const operation of ['ListRolePolicies', 'GetRolePolicy']) {
      cloud({ ...there, [operation]: awsError('AccessDenied') })
      await expect(Role.observe(aws, stamp, want, undefined)).rejects.toThrow('AccessDenied')
    }
  })

  it('is made without them and says so: the engine puts them in once it is recorded', async () => {
    cloud({ CreateRole: { Role: { Arn: arn } } })
    expect(await Role.create(aws, want, stamp)).toEqual({ attrs, ready: true, props: { managedPolicies: [], policies: {} } })
  })

  it('writes what is wanted, then takes the rest away; managed policies are not touched', async () => {
    const account = cloud({
      ListRolePolicies: { PolicyNames: ['read-secret', 'theirs'] },
      PutRolePolicy: {},
      DeleteRolePolicy: awsError('NoSuchEntity'),
    })
    expect(await Role.update?.(aws, attrs, want, ['policies'])).toBe('done')
    expect(account.writes).toEqual([
      ['PutRolePolicy', { RoleName, PolicyName: 'read-secret', PolicyDocument: JSON.stringify(document) }],
      ['DeleteRolePolicy', { RoleName, PolicyName: 'theirs' }],
    ])
    expect(Role.facts.iam.update).toEqual(expect.arrayContaining([...account.actions]))
  })

  it('both sorts at once', async () => {
    const account = cloud({
      ListRolePolicies: {},
      PutRolePolicy: {},
      ListAttachedRolePolicies: {},
      AttachRolePolicy: {},
    })
    await Role.update?.(aws, attrs, { ...want, managedPolicies: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] }, [
      'policies',
      'managedPolicies',
    ])
    expect(account.writes.map(([operation]) => operation)).toEqual(['PutRolePolicy', 'AttachRolePolicy'])
  })

  it('a delete takes them off first: IAM deletes no role that still has policies', async () => {
    const account = cloud({
      DescribeDBInstances: {},
      ListAttachedRolePolicies: {},
      ListRolePolicies: { PolicyNames: ['read-secret'] },
      DeleteRolePolicy: {},
      DeleteRole: {},
    })
    await Role.delete(aws, attrs, {})
    expect(account.writes).toEqual([
      ['DeleteRolePolicy', { RoleName, PolicyName: 'read-secret' }],
      ['DeleteRole', { RoleName }],
    ])
    expect(Role.facts.iam.delete).toEqual(expect.arrayContaining([...account.actions]))
  })
})

describe('a role without that prop', () => {
  it('makes no call for them, whenever', async () => {
    const account = cloud({ ...role, CreateRole: {}, DescribeDBInstances: {}, DeleteRole: {}, AttachRolePolicy: {} })
    const seen = await Role.observe(aws, stamp, without, undefined)
    expect(seen).toMatchObject({ attrs: { id: RoleName, arn } })
    expect(seen.is !== 'absent' && seen.props).not.toHaveProperty('policies')
    expect(await Role.create(aws, without, stamp)).toMatchObject({ props: { managedPolicies: [] } })
    await Role.update?.(aws, { id: RoleName, arn }, { ...without, managedPolicies: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] }, [
      'managedPolicies',
    ])
    await Role.delete(aws, { id: RoleName, arn }, {})
    expect(account.sent.map(([operation]) => operation).filter((o) => /RolePolic(y|ies)$/.test(o) && !/Attach/.test(o))).toEqual(
      [],
    )
  })
})
