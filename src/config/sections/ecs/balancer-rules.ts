import { prefixOf } from '../../names.ts'
import type { No } from '../../rule.ts'
import { NAME_LIMIT, shortName } from '../load-balancer.ts'
import { type All, isPublic, targetGroupsOf } from './all.ts'

/** AWS would refuse them in the middle of a run. */
export const targetGroups = (c: All, no: No): void => {
  const prefix = prefixOf(c)
  const used = new Map<string, string>()
  for (const [key, name] of Object.entries(targetGroupsOf(c.ecs, prefix))) {
    const path = ['ecs', 'services', key, 'targetGroup']
    const other = used.get(name)
    if (name.length > NAME_LIMIT)
      no(
        path,
        name,
        `a target group's name has at most ${NAME_LIMIT} characters; set ecs.services.${key}.targetGroup, for example ${shortName(prefix, key)}`,
      )
    else if (other !== undefined)
      no(path, name, `ecs.services.${other} has this name already, for example ${shortName(prefix, key)}`)
    used.set(name, key)
  }
}

/** Quotas that AWS does not raise. docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html */
const TARGET_GROUPS = 100
const VALUES = 5
const WILDCARDS = 6

/** Each service must get some of the requests: ECS refuses one whose target group no listener uses. */
export const traffic = (c: All, no: No): void => {
  const { ecs } = c
  const behind = Object.entries(ecs.services).filter(([, s]) => isPublic(s))
  if (behind.length > TARGET_GROUPS)
    no(
      ['ecs', 'services'],
      behind.length,
      `a load balancer takes ${TARGET_GROUPS} target groups, one for each service behind it, for example public: false for some`,
    )
  const used = new Map<string, string>()
  for (const [key, s] of behind) {
    const path = ['ecs', 'services', key]
    const values = [...s.hosts, ...s.paths]
    const wanted = JSON.stringify([s.hosts.toSorted(), s.paths.toSorted()])
    const other = used.get(wanted)
    if (other !== undefined)
      no(
        [...path, s.hosts.length > 0 && s.paths.length === 0 ? 'hosts' : 'paths'],
        s.hosts.length > 0 && s.paths.length === 0 ? s.hosts : s.paths,
        values.length === 0
          ? `${other} gets all requests already, so ${key} would get none; tell them apart by hosts or paths, for example [/${key}/*]`
          : `${other} gets the same requests already, so ${key} would get none, for example [/${key}/*]`,
      )
    else used.set(wanted, key)
    const wildcards = values.join('').match(/[*?]/g)?.length ?? 0
    if (values.length > VALUES)
      no(
        [...path, s.paths.length > 0 ? 'paths' : 'hosts'],
        s.paths.length > 0 ? s.paths : s.hosts,
        `a rule of the load balancer takes ${VALUES} hosts and paths together (these are ${values.length}), for example [/${key}/*]`,
      )
    else if (wildcards > WILDCARDS)
      no(
        [...path, s.paths.length > 0 ? 'paths' : 'hosts'],
        s.paths.length > 0 ? s.paths : s.hosts,
        `a rule of the load balancer takes ${WILDCARDS} wildcards (these are ${wildcards}), for example [/${key}/*]`,
      )
  }
}
