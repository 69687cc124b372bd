import { bastion } from './bastion.ts'
import { databases } from './databases.ts'
import { ecs } from './ecs.ts'
import { bucketOwner, drift, env, state } from './general.ts'
import { loadBalancer } from './load-balancer.ts'
import { monitoring } from './monitoring.ts'
import { rds } from './rds.ts'
import { registry } from './registry.ts'
import { secrets } from './secrets.ts'
import { securityGroups } from './security-groups.ts'
import { vpc } from './vpc.ts'

/** All keys of infra.yaml below the first few, in the order in which their steps are built. */
export const sections = [
  vpc,
  securityGroups,
  secrets,
  rds,
  bastion,
  databases,
  registry,
  loadBalancer,
  ecs,
  env,
  monitoring,
  drift,
  state,
  bucketOwner,
] as const
