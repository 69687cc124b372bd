import { prefixOf } from '../../names.ts'
import type { No } from '../../rule.ts'
import { type All, onOf } from './all.ts'
import { targetGroups, traffic } from './balancer-rules.ts'
import { part } from './container-rules.ts'
import type { Ecs } from './schema.ts'
import { service } from './service-rules.ts'

const RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]

/** Rules over more than one key about what runs in containers: ECS or ELB would refuse it in the middle of a run, or never say a word. */
export const containers = (_: Ecs, c: All, no: No): void => {
  const on = onOf(c)
  const [first] = [...Object.keys(c.ecs.services), ...Object.keys(c.ecs.tasks)]
  if (c.steps === undefined && first !== undefined)
    no(
      ['steps'],
      undefined,
      `ecs has ${first}, and steps must name the steps that make it, for example [vpc, security-groups, secrets, registry, load-balancer, ecs]`,
    )
  const days = c.ecs.logRetentionDays
  if (!RETENTION_DAYS.includes(days))
    no(
      ['ecs', 'logRetentionDays'],
      days,
      `CloudWatch Logs keeps ${RETENTION_DAYS.slice(0, 12).join(', ')}, ... days, for example ${RETENTION_DAYS.findLast((d) => d < days) ?? 7}`,
    )
  for (const [key, of] of Object.entries(c.ecs.services)) {
    part({ key, path: ['ecs', 'services', key] }, of, c, on, no)
    service({ key, path: ['ecs', 'services', key] }, of, on, no)
  }
  for (const [key, of] of Object.entries(c.ecs.tasks)) part({ key, path: ['ecs', 'tasks', key] }, of, c, on, no)
  keys(c, no)
  names(c, no)
  if (!on('load-balancer')) return
  targetGroups(c, no)
  traffic(c, no)
}

/** What a run of `databases.via: task` makes beside the stack has these names. */
const KEPT = ['database', 'database-task']

/** Resources have the key in their own. */
const keys = ({ ecs }: All, no: No): void => {
  for (const section of ['services', 'tasks'] as const)
    for (const key of Object.keys(ecs[section]))
      if (KEPT.includes(key)) no(['ecs', section, key], key, 'infra keeps this name for itself, for example db-api')
  for (const key of Object.keys(ecs.tasks))
    if (Object.hasOwn(ecs.services, key))
      no(
        ['ecs', 'tasks', key],
        key,
        `ecs.services has ${key} too, and both would have the same names; call one of them otherwise, for example ${key}-once`,
      )
}

/** Names in AWS that two of them would share: the second would be taken for the first. */
const names = (c: All, no: No): void => {
  const prefix = prefixOf(c)
  const { services, tasks, executionRole = `${prefix}-task-execution`, taskRole = `${prefix}-task` } = c.ecs
  const all = (['services', 'tasks'] as const).flatMap((section) =>
    Object.entries(section === 'services' ? services : tasks)
      .filter(([key]) => section === 'services' || !Object.hasOwn(services, key))
      .map(([key, of]) => ({ section, key, of, standard: `${prefix}-${key}` })),
  )
  const once = (
    field: string,
    of: readonly { readonly section: string; readonly key: string; readonly name: string }[],
  ): void => {
    const used = new Map<string, string>()
    for (const { section, key, name } of of) {
      const other = used.get(name)
      if (other !== undefined) no(['ecs', section, key, field], name, `${other} has this name already, for example ${name}-2`)
      else used.set(name, `ecs.${section}.${key}`)
    }
  }
  once(
    'family',
    all.map((p) => ({ ...p, name: p.of.family ?? p.standard })),
  )
  once(
    'logGroup',
    all.map((p) => ({ ...p, name: p.of.logGroup ?? `/ecs/${p.standard}` })),
  )
  once(
    'name',
    Object.entries(services).map(([key, s]) => ({ section: 'services', key, name: s.name ?? `${prefix}-${key}` })),
  )
  if (executionRole === taskRole)
    no(
      ['ecs', 'taskRole'],
      taskRole,
      'it must be another role than ecs.executionRole: the application needs less than ECS itself, for example shop-task',
    )
}
