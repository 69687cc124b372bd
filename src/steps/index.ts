import type { Aws } from '../aws/clients.ts'
import type { Config } from '../config/config.ts'
import type { StepName } from '../config/names.ts'
import { hasBastionGroup, usesDatabaseSecret } from '../config/uses.ts'
import { Graph } from '../engine/graph.ts'
import { autoscaling } from './autoscaling.ts'
import { bastion } from './bastion.ts'
import { databases } from './databases.ts'
import { ecs } from './ecs.ts'
import { loadBalancer } from './load-balancer.ts'
import { monitoring } from './monitoring.ts'
import { rds } from './rds.ts'
import { registry } from './registry.ts'
import { secrets } from './secrets.ts'
import { securityGroups } from './security-groups.ts'
import type { Lookups } from './types.ts'
import { vpc } from './vpc.ts'

/** The whole stack on one page. */
export const declare = (c: Config, at: Lookups): Graph<Aws> => {
  const stack = new Graph<Aws>(c.namePrefix, c.drift.ignore)
  const on = (step: StepName): boolean => c.steps.includes(step)
  // What only a database or a bastion needs belongs to its step where nobody else wants it: a stack without one does not get it.
  const within = (step: StepName, wanted: boolean, owner: StepName) => stack.in(wanted ? step : owner)
  const net = vpc(stack.in('vpc'), c, at, within('vpc', on('rds'), 'rds'))
  const groups = securityGroups(stack.in('security-groups'), c, at, net, {
    database: within('security-groups', on('rds'), 'rds'),
    bastion: within('security-groups', hasBastionGroup(c), 'bastion'),
  })
  const secret = secrets(stack.in('secrets'), c, within('secrets', usesDatabaseSecret(c, at.deployed), 'rds'))
  const db = rds(stack.in('rds'), c, at, net, groups, secret)
  if (on('bastion')) bastion(stack.in('bastion'), c, at, net, groups, secret)
  const inside = databases(stack.in('databases'), c, db, secret)
  const images = on('registry') ? registry(stack.in('registry'), c) : undefined
  const balancer = on('load-balancer') ? loadBalancer(stack.in('load-balancer'), c, net) : undefined
  const out = { account: at.account, attr: stack.attr, secret, database: db, inside, registry: images, balancer }
  const running = on('ecs') ? ecs(stack.in('ecs'), c, at, net, groups, out) : undefined
  if (running && on('autoscaling')) autoscaling(stack.in('autoscaling'), c, at, running)
  monitoring(stack.in('monitoring'), c, at, db)
  return stack
}
