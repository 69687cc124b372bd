import { resolve } from 'node:path'
import type { TaskDefinition } from '../../../aws/services/ecs-types.ts'
import { ecsTagMap } from '../../../aws/tags.ts'
import { closest } from '../../../config/closest.ts'
import type { Config } from '../../../config/config.ts'
import { CONFIG_FILE, loadConfig, readText } from '../../../config/load.ts'
import { refuse } from '../../../core/errors.ts'
import { revisionAt } from '../../../ecs/revision.ts'
import type { Found } from '../../../ecs/service.ts'
import type { Place } from '../../../ecs/task.ts'
import { commandLine } from '../../../session/globals.ts'
import { offlineLookups } from '../../../session/lookups.ts'
import { findOwn, refuseOthers } from '../../../session/owner.ts'
import { openService, placeOf, type ServiceFlags, type ServicePlace } from '../../../session/service.ts'
import { openSession } from '../../../session/session.ts'
import { list } from '../../../ui/format.ts'

/** A service, or a one-off task of the config: what has a task definition and a log. */
export interface Runnable {
  readonly p: ServicePlace
  /** The revision in use: that of the service, or the newest active one of the task. */
  find(): Promise<{ readonly definition: TaskDefinition; readonly found: Found | undefined }>
}

/**
 * Opens the service or the task of the config that is meant. Nothing is locked: neither logs nor a one-off task changes the stack.
 * @throws InfraError (exit 2)
 */
export const openRunnable = async (key: string | undefined, f: ServiceFlags, verb: string): Promise<Runnable> => {
  const task = f.cluster === undefined && f.service === undefined ? await taskMeant(key, f, verb) : undefined
  if (!task) {
    const p = await openService(key, f, verb, false)
    const find: Runnable['find'] = async () => {
      const found = await findOwn(p, verb)
      return { definition: found.definition, found }
    }
    return { p, find }
  }
  const { loaded, config } = task
  const of = config.ecs.tasks[task.key]
  const family = of?.family ?? ''
  const s = await openSession(f, undefined, loaded)
  const p = placeOf(s, f, { key: task.key, cluster: config.ecs.cluster, name: family })
  const find: Runnable['find'] = async () => {
    const revision = await revisionAt(p.aws, family)
    if (!revision)
      throw refuse(
        `The task ${task.key} has no task definition yet`,
        `${family} has no active revision`,
        commandLine(f, 'create ecs'),
      )
    refuseOthers(config, f, {
      what: `The task definition ${family}`,
      tags: ecsTagMap(revision.tags),
      words: `${verb} ${task.key}`,
    })
    return { definition: revision.definition, found: undefined }
  }
  return { p, find }
}

/** The one-off task of the config that is meant; undefined where it is a service, or there is no config. */
const taskMeant = async (key: string | undefined, f: ServiceFlags, verb: string) => {
  if (f.config === undefined && (await readText(resolve(CONFIG_FILE))) === undefined) return undefined
  const loaded = await loadConfig({ file: f.config, environment: f.env, region: f.region })
  const { config } = loaded
  const services = Object.keys(config.ecs.services)
  const tasks = Object.keys(config.ecs.tasks)
  const [only] = tasks
  if (key === undefined) {
    if (services.length === 0 && only !== undefined && tasks.length === 1) return { key: only, loaded, config }
    if (services.length <= 1 || tasks.length === 0) return undefined
    throw refuse(
      'Which service or task is meant?',
      `infra.yaml has ${list([...services, ...tasks])}`,
      `infra ${verb} ${services[0]}`,
    )
  }
  if (services.includes(key)) return undefined
  if (tasks.includes(key)) return { key, loaded, config }
  if (tasks.length > 0 || verb === 'run') throw unknownKey(key, config, verb)
  return undefined
}

const unknownKey = (key: string, config: Config, verb: string) => {
  const all = [...Object.keys(config.ecs.services), ...Object.keys(config.ecs.tasks)]
  const meant = closest(key, all)
  const why = meant ? `did you mean ${meant}?` : all.length > 0 ? `it has ${list(all)}` : 'ecs.services and ecs.tasks are empty'
  const next = meant ?? (verb === 'run' ? `-- ${key}` : all[0])
  return refuse(
    `There is no service or task ${key} in infra.yaml`,
    why,
    meant || verb !== 'run' ? `infra ${verb} ${next ?? ''}`.trim() : `If it is a command, put -- before it: infra run ${next}`,
  )
}

/** The network of the stack's own tasks. */
export const placeOfStack = ({ stack, caller, named, spoken }: ServicePlace): Place => {
  if (!stack) throw refuse('A task of the config has a stack')
  const { config, state } = stack
  const isPublic = config.ecs.tasks[named.key ?? '']?.subnets === 'public'
  const tier = isPublic ? 'public' : 'private'
  const { network: known } = offlineLookups(config, state, caller.account, caller.partition)
  const recorded = [...state.all()].flatMap(([key, row]) => {
    const id = row.type === 'ec2.subnet' && key.startsWith(`${tier}-subnet-`) ? row.attrs?.id : undefined
    return typeof id === 'string' ? [id] : []
  })
  const subnets = known ? [...(isPublic ? known.publicSubnetIds : known.privateSubnetIds)] : recorded
  const group = state.row('backend-security-group')?.attrs?.id
  if (subnets.length === 0 || typeof group !== 'string')
    throw refuse(
      `The network of the task ${named.key} is not there yet`,
      subnets.length === 0 ? `no ${tier} subnet is recorded` : 'its security group is not recorded',
      spoken('infra create'),
    )
  const assignPublicIp = isPublic ? 'ENABLED' : 'DISABLED'
  return {
    launchType: 'FARGATE',
    networkConfiguration: { awsvpcConfiguration: { subnets, securityGroups: [group], assignPublicIp } },
    ...(config.ecs.exec ? { enableExecuteCommand: true } : {}),
  }
}

/** Those of the stack; of a service that infra did not make, none. */
export const tagsOf = ({ stack, named }: ServicePlace): Readonly<Record<string, string>> =>
  stack && named.key !== undefined ? stack.stamp({ key: `${named.key}-run`, name: `${named.name}-run` }, '').tags : {}
