import { describe, expect, it } from 'vitest'
import { differing } from '../../../src/engine/compare.ts'
import { DbParameterGroup, type DbParameterGroupProps } from '../../../src/kinds/rds/db-parameter-group.ts'
import { aws, cloud, type Input, stamp } from '../support/cloud.ts'

const attrs = { id: 'shop-dev-thing', arn: 'arn:pg' }
const want: DbParameterGroupProps = {
  family: 'postgres16',
  description: 'Settings',
  parameters: { log_statement: 'ddl', max_connections: '200' },
  holds: { log_statement: 'now', max_connections: 'after a restart' },
}
const group = {
  DescribeDBParameterGroups: {
    DBParameterGroups: [{ DBParameterGroupName: 'shop-dev-thing', DBParameterGroupFamily: 'postgres16' }],
  },
}
const parameter = (ParameterName: string, ParameterValue?: string) => ({ ParameterName, ParameterValue })
const asWanted = [parameter('log_statement', 'ddl'), parameter('max_connections', '200')]
const look = async (Parameters: object[], wanted = want, managed: readonly string[] | undefined = undefined) => {
  cloud({ ...group, DescribeDBParameters: { Parameters } })
  const seen = await DbParameterGroup.observe(aws, stamp, wanted, { ...attrs, ...(managed ? { managed } : {}) })
  if (seen.is === 'absent') return expect.fail('it is there')
  return { seen, differs: differing(seen.props, wanted) }
}
/** What an update sends, by operation. */
const sends = async (set: object[], wanted = want, managed: readonly string[] = []) => {
  const account = cloud({ DescribeDBParameters: { Parameters: set }, ModifyDBParameterGroup: {}, ResetDBParameterGroup: {} })
  expect(await DbParameterGroup.update?.(aws, { ...attrs, managed }, wanted, ['parameters'])).toBe('pending')
  return account.writes.map(([operation, input]) => [
    operation,
    ...(input.Parameters as { ParameterName: string; ParameterValue?: string; ApplyMethod: string }[]).map((p) =>
      [p.ParameterName, p.ParameterValue, p.ApplyMethod].filter(Boolean).join(' '),
    ),
  ])
}

describe('what is a difference', () => {
  it('nothing where all is set, whatever else somebody has set', async () => {
    const { seen, differs } = await look([...asWanted, parameter('theirs', '1')])
    expect(differs).toEqual([])
    expect(seen.attrs.managed).toEqual(['log_statement', 'max_connections'])
  })

  it.each([
    ['not set', [parameter('log_statement', 'ddl')]],
    ['set to something else', [parameter('log_statement', 'ddl'), parameter('max_connections', '100')]],
    ['listed without a value', [parameter('log_statement', 'ddl'), parameter('max_connections')]],
  ])('a wanted parameter that is %s', async (_, Parameters) => {
    expect((await look(Parameters)).differs).toEqual(['parameters'])
  })

  it('one that infra has set and that is no longer in the config, for as long as it is set', async () => {
    const fewer = { ...want, parameters: { log_statement: 'ddl' } }
    const { seen, differs } = await look(asWanted, fewer, ['log_statement', 'max_connections'])
    expect([differs, seen.props?.parameters]).toEqual([['parameters'], { log_statement: 'ddl', max_connections: '200' }])
    const after = await look([parameter('log_statement', 'ddl')], fewer, ['log_statement', 'max_connections'])
    expect([after.differs, after.seen.attrs.managed]).toEqual([[], ['log_statement']])
    expect((await look(asWanted, fewer, ['log_statement'])).differs).toEqual([])
  })

  it('reads all pages of what was set, and only what was set', async () => {
    const account = cloud({
      ...group,
      DescribeDBParameters: ({ Marker }: Input) =>
        Marker === undefined
          ? { Parameters: [parameter('log_statement', 'ddl')], Marker: 'page-2' }
          : { Parameters: [parameter('max_connections', '200')] },
    })
    const seen = await DbParameterGroup.observe(aws, stamp, want, attrs)
    expect(seen.is !== 'absent' && differing(seen.props, want)).toEqual([])
    expect(account.sent.filter(([operation]) => operation === 'DescribeDBParameters')).toEqual([
      ['DescribeDBParameters', { DBParameterGroupName: 'shop-dev-thing', Source: 'user' }],
      ['DescribeDBParameters', { DBParameterGroupName: 'shop-dev-thing', Source: 'user', Marker: 'page-2' }],
    ])
  })
})

describe('a change', () => {
  it('of dynamic ones holds now, of static ones and of those that AWS was not asked about after a restart; others stay', async () => {
    const wanted = { ...want, parameters: { ...want.parameters, work_mem: '8192' } }
    expect(await sends([parameter('theirs', '1')], wanted)).toEqual([
      [
        'ModifyDBParameterGroup',
        'log_statement ddl immediate',
        'max_connections 200 pending-reboot',
        'work_mem 8192 pending-reboot',
      ],
    ])
    expect(await sends([parameter('log_statement', 'all'), parameter('max_connections', '200')])).toEqual([
      ['ModifyDBParameterGroup', 'log_statement ddl immediate'],
    ])
  })

  it("gives what was taken out of the config the engine's default back, and only what infra has set", async () => {
    const set = [...asWanted, parameter('work_mem', '8192'), parameter('theirs', '1')]
    const wanted = { ...want, parameters: { log_statement: 'ddl' } }
    expect(await sends(set, wanted, ['log_statement', 'max_connections', 'work_mem'])).toEqual([
      ['ResetDBParameterGroup', 'max_connections pending-reboot', 'work_mem pending-reboot'],
    ])
    const all = { ...want, parameters: { max_connections: '200' } }
    expect(await sends(asWanted, all, ['log_statement', 'max_connections'])).toEqual([
      ['ResetDBParameterGroup', 'log_statement immediate'],
    ])
  })

  it.each([
    [1, [1]],
    [20, [20]],
    [21, [20, 1]],
    [45, [20, 20, 5]],
  ])('of %i parameters goes in calls of at most 20: %j', async (count, sizes) => {
    const parameters = Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, String(i)]))
    expect((await sends([], { ...want, parameters })).map((call) => call.length - 1)).toEqual(sizes)
  })

  it('says in the plan what holds now, what after a restart, and what is the default again', () => {
    const was = { parameters: { ...want.parameters, work_mem: '8192' } }
    const to = {
      ...want,
      parameters: { log_statement: 'all', max_connections: '300' },
      holds: { ...want.holds, work_mem: 'now' as const },
    }
    const change = { was, want: to, changed: ['parameters'], scheduled: [], at: new Date() }
    expect(DbParameterGroup.facts.impact?.(change)).toEqual({
      says: ['log_statement, work_mem: now, without a restart', "work_mem: the engine's default again"],
      left: ['max_connections: takes effect after a restart, when you choose: infra db reboot'],
      minutes: 0,
    })
  })
})

it('a new group has no values yet: the engine sets them once the group is recorded', async () => {
  cloud({
    CreateDBParameterGroup: { DBParameterGroup: { DBParameterGroupName: 'shop-dev-thing', DBParameterGroupArn: 'arn:pg' } },
  })
  expect(await DbParameterGroup.create(aws, want, stamp)).toEqual({ attrs, ready: true, props: { parameters: {} } })
})
