import type { Config } from '../config/config.ts'
import { SecurityGroup } from '../kinds/ec2/security-group.ts'
import { SecurityGroupRule } from '../kinds/ec2/security-group-rule.ts'
import type { Add, Groups, Lookups, Network } from './types.ts'

/**
 * Who may talk to whom: the database is open to the backend and the bastion only.
 * @param to declares what only a database, or a bastion, needs
 */
export const securityGroups = (
  add: Add,
  c: Config,
  at: Lookups,
  net: Network,
  to: { readonly database: Add; readonly bastion: Add },
): Groups => {
  const group = (into: Add, key: string, short: string, description: string, Purpose: string) =>
    into(SecurityGroup, key, { vpcId: net.vpcId, description }, { name: `${c.namePrefix}-${short}`, tags: { Purpose } }).id
  const engine = c.rds.engine === 'mysql' ? 'MySQL' : 'PostgreSQL'
  const rds = group(to.database, 'rds-security-group', 'rds-sg', `${engine} access for ${c.application} multi-tenant RDS`, 'RDS')
  const bastion = group(to.bastion, 'bastion-security-group', 'bastion-sg', 'SSH access for bastion host admin', 'Bastion')
  const backend = group(add, 'backend-security-group', 'backend-sg', `Backend services (ECS/EC2) for ${c.application}`, 'Backend')

  const { port } = c.rds
  to.database(SecurityGroupRule, 'rds-from-backend-rule', {
    groupId: rds,
    port,
    sourceGroupId: backend,
    description: `${engine} from the backend`,
  })
  to.database(SecurityGroupRule, 'rds-from-bastion-rule', {
    groupId: rds,
    port,
    sourceGroupId: bastion,
    description: `${engine} from the bastion`,
  })
  if (at.sshFrom)
    to.bastion(SecurityGroupRule, 'bastion-ssh-rule', {
      groupId: bastion,
      port: 22,
      cidr: at.sshFrom,
      description: 'SSH for the administrator',
    })
  return { rds, bastion, backend }
}
