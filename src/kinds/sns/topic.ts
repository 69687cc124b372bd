import { foreignTo, tagList, tagMap } from '../../aws/tags.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { AwsKind } from '../kind.ts'

export type TopicProps = {
  /** Where a topic of this name lives: arn:{partition}:sns:{region}:{account}:{name}. */
  arn: string
}
export type TopicAttrs = { arn: string }

/** An SNS topic. CreateTopic with a name that exists answers the existing one, so it is looked at before. */
export const Topic: AwsKind<TopicProps, TopicAttrs> = {
  type: 'sns.topic',
  async observe(aws, stamp, want, last, depth) {
    const arn = last?.arn ?? want.arn
    if (!arn) return { is: 'absent' }
    // The same request as the subscriptions': a pass sends it once.
    if (!(await unlessGone(aws.sns('ListSubscriptionsByTopic', { TopicArn: arn })))) return { is: 'absent' }
    if (last?.arn && depth !== 'owner') return { is: 'ready', attrs: { arn }, props: { arn } }
    const tags = tagMap((await unlessGone(aws.sns('ListTagsForResource', { ResourceArn: arn })))?.Tags)
    const owner = last?.arn ? {} : foreignTo(stamp, tags, `the SNS topic ${stamp.name}`)
    return { is: 'ready', attrs: { arn }, props: { arn }, tags, ...owner }
  },
  async create(aws, _want, stamp) {
    const made = await aws.sns('CreateTopic', { Name: stamp.name, Tags: tagList(stamp.tags) })
    return { attrs: { arn: made.TopicArn ?? '' }, ready: true }
  },
  async tag(aws, attrs, tags) {
    await aws.sns('TagResource', { ResourceArn: attrs.arn, Tags: tagList(tags) })
  },
  async delete(aws, attrs) {
    await aws.sns('DeleteTopic', { TopicArn: attrs.arn })
  },
  facts: {
    title: 'SNS topic',
    minutes: 0.1,
    iam: {
      observe: ['sns:ListSubscriptionsByTopic', 'sns:ListTagsForResource'],
      create: ['sns:CreateTopic', 'sns:TagResource'],
      update: ['sns:TagResource'],
      delete: ['sns:DeleteTopic'],
    },
    immutable: ['arn'],
    found: 'name',
  },
}
