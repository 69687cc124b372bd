import type { Config } from '../config/config.ts'
import { Instance } from '../kinds/ec2/instance.ts'
import { InstanceProfile } from '../kinds/iam/instance-profile.ts'
import { Role } from '../kinds/iam/role.ts'
import type { Add, Bastion, DatabaseSecret, Groups, Lookups, Network } from './types.ts'

/** A small machine beside the database, reached through Systems Manager: no key, no password, no open port. */
export const bastion = (add: Add, c: Config, at: Lookups, net: Network, groups: Groups, secret: DatabaseSecret): Bastion => {
  const role = add(Role, 'bastion-role', {
    service: 'ec2.amazonaws.com',
    description: 'Lets Systems Manager reach the bastion, and the bastion read the credentials of the database',
    managedPolicies: [`arn:${at.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore`],
    policies: { 'read-database-secret': mayRead(c, secret) },
  })
  const profile = add(InstanceProfile, 'bastion-profile', { role: role.id })
  return add(
    Instance,
    'bastion',
    {
      imageId: at.bastionImage,
      instanceType: at.bastionType,
      // It is asked for by name: the subnet gives none by itself, and without one the agent would have no way out.
      publicAddress: true,
      subnetId: net.publicSubnetIds[0] ?? '',
      securityGroupIds: [groups.bastion],
      profile: profile.id,
      userData: `#!/bin/bash\ndnf install -y ${c.rds.engine === 'mysql' ? 'mariadb105' : 'postgresql16'} jq\n`,
      agent: true,
    },
    // Its first start installs packages.
    { after: net.publicWay },
  )
}

/** This secret and no other, also where a key of one's own encrypts it. */
const mayRead = (c: Config, { arn }: DatabaseSecret) => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: arn },
    ...(c.secrets.kmsKey
      ? [
          {
            Effect: 'Allow',
            Action: 'kms:Decrypt',
            Resource: '*',
            Condition: { StringEquals: { 'kms:EncryptionContext:SecretARN': arn } },
          },
        ]
      : []),
  ],
})
