import { tagList } from '../../aws/tags.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { AwsKind } from '../kind.ts'
import { foreignGroup, isNamed, tagRds, tagsOfRds } from './common.ts'

export type DbParameterGroupProps = {
  /** Engine and major version, for example postgres16. */
  family: string
  description: string
  /** Set values by name; all others keep the engine's default. */
  parameters: Readonly<Record<string, string>>
}
export type DbParameterGroupAttrs = { id: string; arn: string }

/** A DB parameter group and the values set in it. Static parameters apply at the next restart, dynamic ones at once. */
export const DbParameterGroup: AwsKind<DbParameterGroupProps, DbParameterGroupAttrs> = {
  type: 'rds.db-parameter-group',
  async observe(aws, stamp, want, last) {
    const name = last?.id ?? stamp.name
    const user = (Marker?: string) =>
      aws.rds('DescribeDBParameters', { DBParameterGroupName: name, Source: 'user', ...(Marker ? { Marker } : {}) })
    const listed = unlessGone(aws.rds('DescribeDBParameterGroups', { DBParameterGroupName: name }))
    // What is recorded is most likely there: both are asked at once.
    const early = last?.id === undefined ? undefined : user()
    early?.catch(() => undefined)
    const found = await listed
    const group = found?.DBParameterGroups?.find((g) => isNamed(g.DBParameterGroupName, name))
    if (!group?.DBParameterGroupName) return { is: 'absent' }
    const set = new Map<string, string>()
    for (let Marker: string | undefined, more = true, first = early; more; more = Marker !== undefined) {
      const page = await (first ?? user(Marker))
      first = undefined
      for (const p of page.Parameters ?? [])
        if (p.ParameterName && p.ParameterValue !== undefined) set.set(p.ParameterName, p.ParameterValue)
      Marker = page.Marker
    }
    const arn = group.DBParameterGroupArn ?? ''
    const wanted = Object.keys(want.parameters ?? {})
    return {
      is: 'ready',
      attrs: { id: group.DBParameterGroupName, arn },
      props: {
        ...(group.DBParameterGroupFamily ? { family: group.DBParameterGroupFamily } : {}),
        // What somebody set besides ours is theirs.
        parameters: Object.fromEntries(wanted.flatMap((k) => (set.has(k) ? [[k, set.get(k) ?? '']] : []))),
      },
      ...(await foreignGroup(aws, stamp, arn, last !== undefined, `the DB parameter group ${name}`)),
    }
  },
  async create(aws, want, stamp) {
    const { DBParameterGroup: group } = await aws.rds('CreateDBParameterGroup', {
      DBParameterGroupName: stamp.name,
      DBParameterGroupFamily: want.family,
      Description: want.description,
      Tags: tagList(stamp.tags),
    })
    return {
      attrs: { id: group?.DBParameterGroupName ?? stamp.name, arn: group?.DBParameterGroupArn ?? '' },
      ready: true,
      props: { parameters: {} },
    }
  },
  async update(aws, attrs, want) {
    const Parameters = Object.entries(want.parameters).map(([ParameterName, ParameterValue]) => ({
      ParameterName,
      ParameterValue,
      // Pending-reboot is right for both sorts; immediate is refused for static ones. A new instance starts with the values anyway.
      ApplyMethod: 'pending-reboot' as const,
    }))
    // The API takes at most 20 parameters a call.
    for (let i = 0; i < Parameters.length; i += 20)
      await aws.rds('ModifyDBParameterGroup', { DBParameterGroupName: attrs.id, Parameters: Parameters.slice(i, i + 20) })
    return 'done'
  },
  tag: tagRds,
  tagsOf: tagsOfRds,
  async delete(aws, attrs) {
    await aws.rds('DeleteDBParameterGroup', { DBParameterGroupName: attrs.id })
  },
  facts: {
    title: 'DB parameter group',
    minutes: 0.1,
    iam: {
      observe: ['rds:DescribeDBParameterGroups', 'rds:DescribeDBParameters', 'rds:ListTagsForResource'],
      create: ['rds:CreateDBParameterGroup', 'rds:ModifyDBParameterGroup', 'rds:AddTagsToResource'],
      update: ['rds:ModifyDBParameterGroup', 'rds:AddTagsToResource'],
      delete: ['rds:DeleteDBParameterGroup'],
    },
    immutable: ['family'],
    replace: { name: (declared, generation) => `${declared}-${generation}` },
    found: 'name',
  },
}
