import {
  DescribeDBInstancesCommand,
  DescribeDBParameterGroupsCommand,
  DescribeDBParametersCommand,
  DescribeDBSnapshotsCommand,
  DescribeDBSubnetGroupsCommand,
  ListTagsForResourceCommand,
  RDSClient,
} from '@aws-sdk/client-rds'
import { type Account, clientConfig } from '../support/account.ts'
import { type Thing, tagsOf } from './thing.ts'

export const listRds = async (account: Account): Promise<Thing[]> => {
  const rds = new RDSClient(clientConfig(account))
  const [{ DBInstances = [] }, { DBSubnetGroups = [] }, { DBParameterGroups = [] }, { DBSnapshots = [] }] = await Promise.all([
    rds.send(new DescribeDBInstancesCommand({})),
    rds.send(new DescribeDBSubnetGroupsCommand({})),
    rds.send(new DescribeDBParameterGroupsCommand({})),
    rds.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' })),
  ])
  const tags = async (arn: string | undefined) =>
    tagsOf((await rds.send(new ListTagsForResourceCommand({ ResourceName: arn }))).TagList)
  const instances = DBInstances.map((d) => ({
    type: 'db-instance',
    label: d.DBInstanceIdentifier ?? '',
    ids: [d.DBInstanceIdentifier ?? '', d.DBInstanceArn ?? ''],
    view: {
      engine: [d.Engine, d.EngineVersion, d.DBInstanceClass, d.DBInstanceStatus].join(' '),
      // On this machine each server has another port.
      endpoint: [d.Endpoint?.Address, d.Endpoint?.Address === '127.0.0.1' ? d.DbInstancePort : d.Endpoint?.Port],
      storage: [d.AllocatedStorage, d.MaxAllocatedStorage, d.StorageType, d.StorageEncrypted].join(' '),
      subnetGroup: d.DBSubnetGroup?.DBSubnetGroupName,
      groups: d.VpcSecurityGroups?.map((g) => g.VpcSecurityGroupId),
      parameterGroups: d.DBParameterGroups?.map((g) => g.DBParameterGroupName),
      role: d.MonitoringRoleArn,
      logs: d.EnabledCloudwatchLogsExports,
      guarded: d.DeletionProtection,
      tags: tagsOf(d.TagList),
    },
  }))
  const subnetGroups = DBSubnetGroups.map(async (g) => ({
    type: 'db-subnet-group',
    label: g.DBSubnetGroupName ?? '',
    ids: [g.DBSubnetGroupName ?? '', g.DBSubnetGroupArn ?? ''],
    view: {
      vpc: g.VpcId,
      subnets: g.Subnets?.map((s) => s.SubnetIdentifier),
      description: g.DBSubnetGroupDescription,
      tags: await tags(g.DBSubnetGroupArn),
    },
  }))
  const parameterGroups = DBParameterGroups.filter((g) => !g.DBParameterGroupName?.startsWith('default.')).map(async (g) => {
    const { DBParameterGroupName } = g
    const set = await rds.send(new DescribeDBParametersCommand({ DBParameterGroupName, Source: 'user' }))
    return {
      type: 'db-parameter-group',
      label: DBParameterGroupName ?? '',
      ids: [DBParameterGroupName ?? '', g.DBParameterGroupArn ?? ''],
      view: {
        family: g.DBParameterGroupFamily,
        description: g.Description,
        set: set.Parameters?.map((x) => `${x.ParameterName}=${x.ParameterValue}`),
        tags: await tags(g.DBParameterGroupArn),
      },
    }
  })
  const snapshots = DBSnapshots.map((s) => ({
    type: 'db-snapshot',
    label: (s.DBSnapshotIdentifier ?? '').replace(/(\d{8}-\d{6}|\d{4}-\d\d-\d\d-\d{4})$/, 'time'),
    ids: [s.DBSnapshotIdentifier ?? '', s.DBSnapshotArn ?? ''],
    view: { of: s.DBInstanceIdentifier, status: s.Status, version: s.EngineVersion },
    // Taken before a change, it belongs to the user: no row has it.
    implied: /-before-[\d-]+$/.test(s.DBSnapshotIdentifier ?? ''),
  }))
  return Promise.all([...instances, ...subnetGroups, ...parameterGroups, ...snapshots])
}
