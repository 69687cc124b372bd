import type { Aws } from '../aws/clients.ts'
import type { Config } from '../config/settle.ts'
import { Graph } from '../engine/graph.ts'
import { bastion } from './bastion.ts'
import { databases } from './databases.ts'
import { monitoring } from './monitoring.ts'
import { rds } from './rds.ts'
import { secrets } from './secrets.ts'
import { securityGroups } from './security-groups.ts'
import type { Lookups } from './types.ts'
import { vpc } from './vpc.ts'

/** The whole stack on one page. */
export const declare = (c: Config, at: Lookups): Graph<Aws> => {
  const stack = new Graph<Aws>(c.namePrefix, c.drift.ignore)
  const net = vpc(stack.in('vpc'), c, at)
  const groups = securityGroups(stack.in('security-groups'), c, at, net)
  const secret = secrets(stack.in('secrets'), c)
  const db = rds(stack.in('rds'), c, at, net, groups, secret)
  if (c.steps.includes('bastion')) bastion(stack.in('bastion'), c, at, net, groups, secret)
  databases(stack.in('databases'), c, db, secret)
  monitoring(stack.in('monitoring'), c, at, db)
  return stack
}
