import { unlessGone } from '../../aws/trouble.ts'
import type { AwsKind } from '../kind.ts'

export type SubscriptionProps = { topicArn: string; protocol: string; endpoint: string }
export type SubscriptionAttrs = { arn: string; topicArn: string; endpoint: string }

export const PENDING_CONFIRMATION = 'pending confirmation'

/** An e-mail subscription. It counts as there from the first call on, but delivers only after the person confirmed it. */
export const Subscription: AwsKind<SubscriptionProps, SubscriptionAttrs> = {
  type: 'sns.subscription',
  async observe(aws, _stamp, want, last) {
    const topicArn = last?.topicArn ?? want.topicArn
    const endpoint = last?.endpoint ?? want.endpoint
    if (!topicArn || !endpoint) return { is: 'absent' }
    for (let NextToken: string | undefined, more = true; more; more = NextToken !== undefined) {
      const page = await unlessGone(
        aws.sns('ListSubscriptionsByTopic', { TopicArn: topicArn, ...(NextToken ? { NextToken } : {}) }),
      )
      const found = page?.Subscriptions?.find(
        (s) =>
          s.Endpoint === endpoint &&
          (s.TopicArn ?? topicArn) === topicArn &&
          (want.protocol === undefined || s.Protocol === want.protocol) &&
          // One that was unsubscribed stays listed for some days: github.com/ansible/ansible/pull/20086
          s.SubscriptionArn !== 'Deleted',
      )
      if (found) {
        const arn = found.SubscriptionArn ?? ''
        const attrs = { arn, topicArn, endpoint }
        return {
          is: 'ready',
          attrs,
          props: { topicArn, endpoint },
          note: arn.startsWith('arn:') ? 'confirmed' : PENDING_CONFIRMATION,
        }
      }
      NextToken = page?.NextToken
    }
    return { is: 'absent' }
  },
  async create(aws, want) {
    const made = await aws.sns('Subscribe', { TopicArn: want.topicArn, Protocol: want.protocol, Endpoint: want.endpoint })
    return { attrs: { arn: made.SubscriptionArn ?? '', topicArn: want.topicArn, endpoint: want.endpoint }, ready: true }
  },
  async delete(aws, attrs) {
    // A subscription that nobody confirmed has no ARN yet: it goes with its topic, or by itself after 48 hours.
    if (!attrs.arn.startsWith('arn:')) return 'left'
    await aws.sns('Unsubscribe', { SubscriptionArn: attrs.arn })
  },
  facts: {
    title: 'SNS subscription',
    minutes: 0.1,
    iam: {
      observe: ['sns:ListSubscriptionsByTopic'],
      create: ['sns:Subscribe'],
      delete: ['sns:Unsubscribe'],
    },
    immutable: ['topicArn', 'endpoint'],
    // docs.aws.amazon.com/sns/latest/api/API_DeleteTopic.html: a topic and all its subscriptions.
    goesWith: { type: 'sns.topic', by: 'topicArn' },
    found: 'natural',
  },
}
