import type { Aws } from '../../aws/clients.ts'
import { tagList } from '../../aws/tags.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { Change, Impact } from '../../engine/kind.ts'
import type { AwsKind } from '../kind.ts'
import { foreignGroup, isNamed, tagRds } from './common.ts'

export type DbParameterGroupProps = {
  /** Engine and major version, for example postgres16. */
  family: string
  description: string
  /** Set values by name; all others keep the engine's default. */
  parameters: Readonly<Record<string, string>>
  /** When a change of each holds, as far as AWS was asked. What is not named is taken for one that needs a restart. */
  holds: Readonly<Record<string, 'now' | 'after a restart'>>
}
/** `managed`: names that infra has set. What somebody else has set besides is theirs. */
export type DbParameterGroupAttrs = { id: string; arn: string; managed?: readonly string[] }

/**
 * A DB parameter group and the values set in it. What is taken out of them gets the engine's default back.
 * docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html
 */
export const DbParameterGroup: AwsKind<DbParameterGroupProps, DbParameterGroupAttrs> = {
  type: 'rds.db-parameter-group',
  async observe(aws, stamp, want, last, depth = 'props') {
    const name = last?.id ?? stamp.name
    const listed = unlessGone(aws.rds('DescribeDBParameterGroups', { DBParameterGroupName: name }))
    // What is recorded is most likely there: both are asked at once.
    const early = last?.id === undefined || depth !== 'props' ? undefined : valuesOf(aws, name)
    early?.catch(() => undefined)
    const found = await listed
    const group = found?.DBParameterGroups?.find((g) => isNamed(g.DBParameterGroupName, name))
    if (!group?.DBParameterGroupName) return { is: 'absent' }
    const arn = group.DBParameterGroupArn ?? ''
    const owner = await foreignGroup(aws, stamp, arn, { last, depth }, `the DB parameter group ${name}`)
    const family = group.DBParameterGroupFamily ? { family: group.DBParameterGroupFamily } : {}
    if (depth !== 'props') return { is: 'ready', attrs: { id: group.DBParameterGroupName, arn }, props: family, ...owner }
    const set = await (early ?? valuesOf(aws, name))
    const ours = new Set([...Object.keys(want.parameters ?? {}), ...(last?.managed ?? [])])
    const managed = [...set.keys()].filter((k) => ours.has(k)).sort()
    return {
      is: 'ready',
      attrs: { id: group.DBParameterGroupName, arn, managed },
      props: {
        ...family,
        parameters: Object.fromEntries(managed.map((k) => [k, set.get(k) ?? ''])),
      },
      ...owner,
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
    const set = await valuesOf(aws, attrs.id)
    const given = Object.entries(want.parameters).filter(([name, value]) => set.get(name) !== value)
    const dropped = (attrs.managed ?? []).filter((name) => set.has(name) && !(name in want.parameters))
    // AWS refuses immediate for static ones, and takes pending-reboot for both sorts.
    const method = (name: string) => (want.holds[name] === 'now' ? ('immediate' as const) : ('pending-reboot' as const))
    const Parameters = given.map(([ParameterName, ParameterValue]) => ({
      ParameterName,
      ParameterValue,
      ApplyMethod: method(ParameterName),
    }))
    for (const some of by20(Parameters))
      await aws.rds('ModifyDBParameterGroup', { DBParameterGroupName: attrs.id, Parameters: some })
    const gone = dropped.map((ParameterName) => ({ ParameterName, ApplyMethod: method(ParameterName) }))
    for (const some of by20(gone))
      await aws.rds('ResetDBParameterGroup', { DBParameterGroupName: attrs.id, ResetAllParameters: false, Parameters: some })
    return 'pending'
  },
  tag: tagRds,
  async delete(aws, attrs) {
    await aws.rds('DeleteDBParameterGroup', { DBParameterGroupName: attrs.id })
  },
  facts: {
    title: 'DB parameter group',
    minutes: 0.1,
    impact: impactOf,
    iam: {
      observe: ['rds:DescribeDBParameterGroups', 'rds:DescribeDBParameters', 'rds:ListTagsForResource'],
      create: ['rds:AddTagsToResource', 'rds:CreateDBParameterGroup'],
      update: ['rds:DescribeDBParameters', 'rds:ModifyDBParameterGroup', 'rds:ResetDBParameterGroup', 'rds:AddTagsToResource'],
      delete: ['rds:DeleteDBParameterGroup'],
    },
    immutable: ['family'],
    replace: { name: (declared, generation) => `${declared}-${generation}` },
    found: 'name',
  },
}

/** What was set in it, by whomever. */
const valuesOf = async (aws: Aws, name: string): Promise<Map<string, string>> => {
  const set = new Map<string, string>()
  for (let Marker: string | undefined, more = true; more; more = Marker !== undefined) {
    const page = await aws.rds('DescribeDBParameters', {
      DBParameterGroupName: name,
      Source: 'user',
      ...(Marker ? { Marker } : {}),
    })
    for (const p of page.Parameters ?? [])
      if (p.ParameterName && p.ParameterValue !== undefined) set.set(p.ParameterName, p.ParameterValue)
    Marker = page.Marker
  }
  return set
}

/** The API takes at most 20 parameters a call. */
const by20 = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / 20) }, (_, i) => all.slice(i * 20, i * 20 + 20))

function impactOf({ was, want, changed }: Change<DbParameterGroupProps>): Impact {
  if (!changed.includes('parameters')) return { says: [], minutes: 0 }
  const [before, after] = [was.parameters ?? {}, want.parameters ?? {}]
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((n) => before[n] !== after[n])
  const dropped = names.filter((n) => !(n in after))
  const later = names.filter((n) => want.holds?.[n] !== 'now')
  const now = names.filter((n) => !later.includes(n))
  return {
    says: [
      ...(now.length > 0 ? [`${now.join(', ')}: now, without a restart`] : []),
      ...(dropped.length > 0 ? [`${dropped.join(', ')}: the engine's default again`] : []),
    ],
    ...(later.length > 0
      ? { left: [`${later.join(', ')}: takes effect after a restart, when you choose: infra db reboot`] }
      : {}),
    minutes: 0,
  }
}
