import { expect, it } from 'vitest'
import { DbSubnetGroup } from '../../../src/kinds/rds/db-subnet-group.ts'
import { awsError, cloud, stamp, TAG_LIST } from '../support/cloud.ts'
import { Run } from '../support/run.ts'

/** The first call of RDS in a new account makes RDS's service-linked role, and is refused until it is there. */
it.each([
  'Missing necessary credentials. Please check http://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html',
  'Unable to create the resource. Verify that you have permission to create service linked role. Otherwise wait and try again later',
])('the first one of an account is asked for again while RDS makes its role: %s', async (message) => {
  const DBSubnetGroupArn = `arn:aws:rds:us-east-1:111122223333:subgrp:${stamp.name}`
  const subnets = [{ SubnetIdentifier: 'subnet-1' }, { SubnetIdentifier: 'subnet-2' }]
  let asked = 0
  cloud({
    CreateDBSubnetGroup: () =>
      ++asked <= 8
        ? awsError('InvalidParameterValue', message)
        : { DBSubnetGroup: { DBSubnetGroupName: stamp.name, DBSubnetGroupArn } },
    DescribeDBSubnetGroups: () =>
      asked > 8
        ? {
            DBSubnetGroups: [
              { DBSubnetGroupName: stamp.name, DBSubnetGroupArn, DBSubnetGroupDescription: 'x', Subnets: subnets },
            ],
          }
        : awsError('DBSubnetGroupNotFoundFault', 'not found', 404),
    ListTagsForResource: { TagList: TAG_LIST },
  })
  const run = new Run(DbSubnetGroup)
  await run.create({ description: 'x', subnetIds: ['subnet-1', 'subnet-2'] })
  expect(run.row?.is).toBe('ready')
  expect(asked).toBe(9)
})
