import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { CloudWatchClient, DeleteAlarmsCommand, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient, DeleteLogGroupCommand, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs'
import {
  CreateTagsCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeVpcsCommand,
  EC2Client,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2'
import {
  DeleteServiceCommand,
  ECSClient,
  ListClustersCommand,
  ListServicesCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import { type Account, clientConfig } from '../support/account.ts'
import type { Outside } from './sequence.ts'

const services = async (ecs: ECSClient): Promise<{ cluster: string; service: string }[]> => {
  const { clusterArns = [] } = await ecs.send(new ListClustersCommand({}))
  const lists = clusterArns.map(async (cluster) => {
    const { serviceArns = [] } = await ecs.send(new ListServicesCommand({ cluster }))
    return serviceArns.map((service) => ({ cluster, service }))
  })
  return (await Promise.all(lists)).flat()
}

/** Changes what is in the account past infra. What is not there cannot be changed, and nothing happens. */
export const changeOutside = async (account: Account, dir: string, what: Outside): Promise<void> => {
  const config = clientConfig(account)
  switch (what) {
    case 'delete-alarms': {
      const client = new CloudWatchClient(config)
      const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({}))
      if (MetricAlarms.length > 0)
        await client.send(new DeleteAlarmsCommand({ AlarmNames: MetricAlarms.map((a) => a.AlarmName ?? '').slice(0, 2) }))
      return
    }
    case 'scale-to-0': {
      const ecs = new ECSClient(config)
      for (const s of await services(ecs)) await ecs.send(new UpdateServiceCommand({ ...s, desiredCount: 0 }))
      return
    }
    case 'delete-service': {
      const ecs = new ECSClient(config)
      const [one] = await services(ecs)
      if (one) await ecs.send(new DeleteServiceCommand({ ...one, force: true }))
      return
    }
    case 'delete-rule': {
      const ec2 = new EC2Client(config)
      const { SecurityGroupRules = [] } = await ec2.send(new DescribeSecurityGroupRulesCommand({}))
      const rule = SecurityGroupRules.find((r) => !r.IsEgress && r.Tags?.some((t) => t.Key === 'infra:key'))
      if (rule)
        await ec2.send(
          new RevokeSecurityGroupIngressCommand({
            GroupId: rule.GroupId,
            SecurityGroupRuleIds: [rule.SecurityGroupRuleId ?? ''],
          }),
        )
      return
    }
    case 'delete-log-group': {
      const logs = new CloudWatchLogsClient(config)
      const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({}))
      if (logGroups[0]) await logs.send(new DeleteLogGroupCommand({ logGroupName: logGroups[0].logGroupName }))
      return
    }
    case 'retag': {
      const ec2 = new EC2Client(config)
      const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({ Filters: [{ Name: 'tag-key', Values: ['infra:key'] }] }))
      const Resources = Vpcs.map((v) => v.VpcId ?? '')
      if (Resources.length > 0) await ec2.send(new CreateTagsCommand({ Resources, Tags: [{ Key: 'Name', Value: 'renamed' }] }))
      return
    }
    case 'delete-state':
      rmSync(join(dir, 'state'), { recursive: true, force: true })
  }
}
