import type { Aws } from '../aws/clients.ts'
import { InfraError } from '../core/errors.ts'
import type { AnyKind } from '../engine/kind.ts'
import { Certificate } from './acm/certificate.ts'
import { ScalingPolicy } from './autoscaling/policy.ts'
import { ScalableTarget } from './autoscaling/target.ts'
import { Alarm } from './cloudwatch/alarm.ts'
import { Dashboard } from './cloudwatch/dashboard.ts'
import { ElasticIp } from './ec2/elastic-ip.ts'
import { Instance } from './ec2/instance.ts'
import { InternetGateway, InternetGatewayAttachment } from './ec2/internet-gateway.ts'
import { NatGateway } from './ec2/nat-gateway.ts'
import { Route } from './ec2/route.ts'
import { RouteTable } from './ec2/route-table.ts'
import { RouteTableAssociation } from './ec2/route-table-association.ts'
import { SecurityGroup } from './ec2/security-group.ts'
import { SecurityGroupRule } from './ec2/security-group-rule.ts'
import { Subnet } from './ec2/subnet.ts'
import { Vpc } from './ec2/vpc.ts'
import { Repository } from './ecr/repository.ts'
import { Cluster } from './ecs/cluster.ts'
import { Service } from './ecs/service.ts'
import { TaskDefinition } from './ecs/task-definition.ts'
import { Listener } from './elb/listener.ts'
import { ListenerRule } from './elb/listener-rule.ts'
import { LoadBalancer } from './elb/load-balancer.ts'
import { TargetGroup } from './elb/target-group.ts'
import { InstanceProfile } from './iam/instance-profile.ts'
import { Role } from './iam/role.ts'
import { LogGroup } from './logs/log-group.ts'
import { DbInstance } from './rds/db-instance.ts'
import { DbParameterGroup } from './rds/db-parameter-group.ts'
import { DbSubnetGroup } from './rds/db-subnet-group.ts'
import { SecretKind } from './secretsmanager/secret.ts'
import { SecretField } from './secretsmanager/secret-field.ts'
import { Subscription } from './sns/subscription.ts'
import { Topic } from './sns/topic.ts'
import { Database } from './sql/database.ts'
import { DatabaseRole } from './sql/role.ts'

export { costStopped } from './ec2/instance-facts.ts'
export { taskDefinitionProps } from './ecs/task-definition.ts'
export { placeholdersLeft } from './secretsmanager/secret.ts'
export { serverOf } from './sql/common.ts'

/** Every kind there is. A row of the state finds its kind here. */
export const kinds = [
  Vpc,
  InternetGateway,
  InternetGatewayAttachment,
  Subnet,
  RouteTable,
  Route,
  RouteTableAssociation,
  ElasticIp,
  NatGateway,
  SecurityGroup,
  SecurityGroupRule,
  SecretKind,
  SecretField,
  DbSubnetGroup,
  DbParameterGroup,
  DbInstance,
  DatabaseRole,
  Database,
  Role,
  InstanceProfile,
  Instance,
  Cluster,
  TaskDefinition,
  LogGroup,
  Repository,
  LoadBalancer,
  TargetGroup,
  Certificate,
  Listener,
  ListenerRule,
  Service,
  ScalableTarget,
  ScalingPolicy,
  Topic,
  Subscription,
  Alarm,
  Dashboard,
] as const

const byType = new Map(kinds.map((k) => [k.type, k as unknown as AnyKind<Aws>]))

/** @throws InfraError when the state names a kind that this version does not know */
export const kindOf = (type: string): AnyKind<Aws> => {
  const kind = byType.get(type)
  if (!kind)
    throw new InfraError(`The state holds a ${type}, which this version of infra does not know`, {
      why: 'it was written by another version; nothing was changed',
      next: 'Update infra, then run the command again',
      exitCode: 2,
    })
  return kind
}
