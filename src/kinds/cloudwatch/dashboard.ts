import { monthlyPrice } from '../../aws/prices.ts'
import { unlessGone } from '../../aws/trouble.ts'
import { type JsonObject, same } from '../../core/json.ts'
import type { AwsKind } from '../kind.ts'

export type DashboardProps = { body: JsonObject }
export type DashboardAttrs = { id: string }

/** A dashboard. It cannot carry tags: one of the same name that holds something else, and that no state knows, is not ours. */
export const Dashboard: AwsKind<DashboardProps, DashboardAttrs> = {
  type: 'cloudwatch.dashboard',
  async observe(aws, stamp, want, last) {
    const name = last?.id ?? stamp.name
    const found = await unlessGone(aws.cloudWatch('GetDashboard', { DashboardName: name }))
    if (!found?.DashboardBody || (found.DashboardName ?? name) !== name) return { is: 'absent' }
    let body: JsonObject
    try {
      body = JSON.parse(found.DashboardBody) as JsonObject
    } catch {
      body = {}
    }
    const strange = !last && want.body !== undefined && !same(body, want.body)
    return {
      is: 'ready',
      attrs: { id: name },
      props: { body },
      ...(strange ? { foreign: `a dashboard that infra did not make` } : {}),
    }
  },
  async create(aws, want, stamp) {
    await aws.cloudWatch('PutDashboard', { DashboardName: stamp.name, DashboardBody: JSON.stringify(want.body) })
    return { attrs: { id: stamp.name }, ready: true }
  },
  async update(aws, attrs, want) {
    await aws.cloudWatch('PutDashboard', { DashboardName: attrs.id, DashboardBody: JSON.stringify(want.body) })
    return 'done'
  },
  async delete(aws, attrs) {
    await aws.cloudWatch('DeleteDashboards', { DashboardNames: [attrs.id] })
  },
  facts: {
    title: 'dashboard',
    minutes: 0.1,
    monthly: (_want, region) => [monthlyPrice('cloudwatch.allowance', region)],
    iam: {
      observe: ['cloudwatch:GetDashboard'],
      create: ['cloudwatch:PutDashboard'],
      update: ['cloudwatch:PutDashboard'],
      delete: ['cloudwatch:DeleteDashboards'],
    },
    found: 'name',
  },
}
