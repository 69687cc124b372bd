import type { No, On } from './rule.ts'
import type { ConfigFile } from './schema.ts'
import { namesOf, RETENTION_DAYS } from './settle-ecs.ts'
import { balancer } from './together-balancer.ts'
import { part } from './together-container.ts'
import { service } from './together-service.ts'

/** Rules over more than one key about what runs in containers: ECS or ELB would refuse it in the middle of a run, or never say a word. */
export const containers = (c: ConfigFile, no: No): void => {
  const on: On = (step) => c.steps?.some((s) => s === step) ?? false
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
  balancer(c, on, no)
}

/** What a run of `databases.via: task` makes beside the stack has these names. */
const KEPT = ['database', 'database-task']

/** Resources have the key in their own. */
const keys = ({ ecs }: ConfigFile, no: No): void => {
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
const names = (c: ConfigFile, no: No): void => {
  const { prefix } = namesOf(c)
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
