import { expect, it } from 'vitest'
import { differing } from '../../../src/engine/compare.ts'
import { DbParameterGroup } from '../../../src/kinds/rds/db-parameter-group.ts'
import { aws, cloud, type Input, stamp } from '../support/cloud.ts'

const attrs = { id: 'shop-dev-thing', arn: 'arn:pg' }
const want = { family: 'postgres16', description: 'Settings', parameters: { log_statement: 'ddl', work_mem: '4096' } }
const group = {
  DescribeDBParameterGroups: {
    DBParameterGroups: [{ DBParameterGroupName: 'shop-dev-thing', DBParameterGroupFamily: 'postgres16' }],
  },
}
const parameter = (ParameterName: string, ParameterValue?: string) => ({ ParameterName, ParameterValue })

it('leaves parameters of others alone: they are neither a difference nor written', async () => {
  cloud({
    ...group,
    DescribeDBParameters: {
      Parameters: [parameter('log_statement', 'ddl'), parameter('work_mem', '4096'), parameter('theirs', '1')],
    },
  })
  const seen = await DbParameterGroup.observe(aws, stamp, want, attrs)
  expect(seen.is !== 'absent' && differing(seen.props, want)).toEqual([])
  const account = cloud({ ModifyDBParameterGroup: {} })
  await DbParameterGroup.update?.(aws, attrs, want, ['parameters'])
  expect(JSON.stringify(account.sent)).not.toContain('theirs')
})

it.each([
  ['not set', [parameter('log_statement', 'ddl')]],
  ['set to something else', [parameter('log_statement', 'ddl'), parameter('work_mem', '8192')]],
  ['listed without a value', [parameter('log_statement', 'ddl'), parameter('work_mem')]],
])('a wanted parameter that is %s is a difference', async (_, Parameters) => {
  cloud({ ...group, DescribeDBParameters: { Parameters } })
  const seen = await DbParameterGroup.observe(aws, stamp, want, attrs)
  expect(seen.is !== 'absent' && differing(seen.props, want)).toEqual(['parameters'])
})

it('reads all pages of what was set, and only what was set', async () => {
  const account = cloud({
    ...group,
    DescribeDBParameters: ({ Marker }: Input) =>
      Marker === undefined
        ? { Parameters: [parameter('log_statement', 'ddl')], Marker: 'page-2' }
        : { Parameters: [parameter('work_mem', '4096')] },
  })
  const seen = await DbParameterGroup.observe(aws, stamp, want, attrs)
  expect(seen.is !== 'absent' && differing(seen.props, want)).toEqual([])
  expect(account.sent.slice(1)).toEqual([
    ['DescribeDBParameters', { DBParameterGroupName: 'shop-dev-thing', Source: 'user' }],
    ['DescribeDBParameters', { DBParameterGroupName: 'shop-dev-thing', Source: 'user', Marker: 'page-2' }],
  ])
})

it.each([
  [1, [1]],
  [20, [20]],
  [21, [20, 1]],
  [45, [20, 20, 5]],
])('writes %i parameters in calls of at most 20: %j', async (count, sizes) => {
  const account = cloud({ ModifyDBParameterGroup: {} })
  const parameters = Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, String(i)]))
  await DbParameterGroup.update?.(aws, attrs, { ...want, parameters }, ['parameters'])
  const pages = account.sent.map(([, input]) => input.Parameters as { ParameterName: string }[])
  expect(pages.map((p) => p.length)).toEqual(sizes)
  expect(pages.flat().map((p) => p.ParameterName)).toEqual(Object.keys(parameters))
})

it('a new group has no values yet: the engine sets them once the group is recorded', async () => {
  cloud({
    CreateDBParameterGroup: { DBParameterGroup: { DBParameterGroupName: 'shop-dev-thing', DBParameterGroupArn: 'arn:pg' } },
  })
  expect(await DbParameterGroup.create(aws, want, stamp)).toEqual({ attrs, ready: true, props: { parameters: {} } })
})
