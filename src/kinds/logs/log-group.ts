import type { LogGroup as AwsLogGroup } from '@aws-sdk/client-cloudwatch-logs'
import type { Aws } from '../../aws/clients.ts'
import { pages } from '../../aws/pages.ts'
import { monthlyPrice } from '../../aws/prices.ts'
import { foreignTo } from '../../aws/tags.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { AwsKind } from '../kind.ts'

export type LogGroupProps = {
  /** 1, 3, 5, 7, 14, 30, 60, 90, ... : docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
  retentionDays: number
}
export type LogGroupAttrs = { id: string; arn: string }

/** Logs are kept for ever unless something says how long. */
const FOR_EVER = 0

/** A CloudWatch log group. What is in it goes with it. */
export const LogGroup: AwsKind<LogGroupProps, LogGroupAttrs> = {
  type: 'logs.log-group',
  async observe(aws, stamp, _want, last, depth) {
    const name = last?.id ?? stamp.name
    // All of the stack are asked for alike, so that one look of a pass serves them.
    const at = name.indexOf(stamp.prefix)
    const logGroupNamePrefix = at < 0 ? name : name.slice(0, at + stamp.prefix.length)
    const logGroups = await pages(async (nextToken) => {
      const page = await aws.logs('DescribeLogGroups', { logGroupNamePrefix, ...(nextToken ? { nextToken } : {}) })
      return [page.logGroups, page.nextToken]
    })
    const group = logGroups.find((g) => g.logGroupName === name)
    if (!group) return { is: 'absent' }
    const arn = arnOf(group)
    const tags = (last && depth !== 'owner') || !arn ? undefined : await tagsOf(aws, arn)
    return {
      is: 'ready',
      attrs: { id: name, arn },
      props: { retentionDays: group.retentionInDays ?? FOR_EVER },
      ...(tags ? { tags, ...(last ? {} : foreignTo(stamp, tags, `the log group ${name}`)) } : {}),
    }
  },
  async create(aws, _want, stamp) {
    await aws.logs('CreateLogGroup', { logGroupName: stamp.name, tags: { ...stamp.tags } })
    // The answer is empty: a look tells the ARN.
    return { attrs: { id: stamp.name } }
  },
  async update(aws, attrs, want) {
    await aws.logs('PutRetentionPolicy', { logGroupName: attrs.id, retentionInDays: want.retentionDays })
    return 'done'
  },
  async tag(aws, attrs, tags) {
    await aws.logs('TagResource', { resourceArn: attrs.arn, tags: { ...tags } })
  },
  async delete(aws, attrs) {
    await aws.logs('DeleteLogGroup', { logGroupName: attrs.id })
  },
  facts: {
    title: 'log group',
    minutes: 0.1,
    monthly: (_want, region) => [monthlyPrice('logs.storage', region, 0)],
    iam: {
      observe: ['logs:DescribeLogGroups', 'logs:ListTagsForResource'],
      create: ['logs:CreateLogGroup', 'logs:TagResource'],
      update: ['logs:PutRetentionPolicy', 'logs:TagResource'],
      delete: ['logs:DeleteLogGroup'],
    },
    found: 'name',
    data: false,
  },
}

/** The older form of the ARN ends in `:*`, which the calls about tags refuse. */
const arnOf = (group: AwsLogGroup): string => group.logGroupArn ?? group.arn?.replace(/:\*$/, '') ?? ''

const tagsOf = async (aws: Aws, resourceArn: string): Promise<Record<string, string>> =>
  (await unlessGone(aws.logs('ListTagsForResource', { resourceArn })))?.tags ?? {}
