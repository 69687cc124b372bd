import type { Task, TaskDefinition } from '../../aws/services/ecs-types.ts'

/** Where a container writes its log: the streams of the awslogs driver that begin so. */
export interface LogSource {
  readonly group: string
  readonly container: string
  /** `prefix/container/`, followed by the id of the task; undefined (EC2 only): streams have names of their own. */
  readonly streams: string | undefined
}

/** A container whose log cannot be read here, and why. */
export interface LogElsewhere {
  readonly container: string
  readonly why: string
  /** What shows it, as far as that is known. */
  readonly next: string | undefined
}

export interface LogPlaces {
  readonly sources: readonly LogSource[]
  readonly elsewhere: readonly LogElsewhere[]
}

/** The logs of all containers of these task definitions, each place once. */
export const logPlaces = (definitions: readonly TaskDefinition[], region: string): LogPlaces => {
  const sources = new Map<string, LogSource>()
  const elsewhere = new Map<string, LogElsewhere>()
  for (const { name: container = '', logConfiguration } of definitions.flatMap((d) => d.containerDefinitions ?? [])) {
    const { logDriver, options = {} } = logConfiguration ?? {}
    const group = options['awslogs-group']
    const prefix = options['awslogs-stream-prefix']
    const at = options['awslogs-region'] ?? region
    if (logDriver !== 'awslogs' || !group) elsewhere.set(container, { container, ...notHere(logDriver, options) })
    else if (at !== region)
      elsewhere.set(container, {
        container,
        why: `its log is in ${at}, in the log group ${group}`,
        next: `aws logs tail ${group} --region ${at} --follow`,
      })
    else {
      const streams = prefix ? `${prefix}/${container}/` : undefined
      sources.set(`${group} ${streams ?? ''}`, { group, container, streams })
    }
  }
  return { sources: [...sources.values()], elsewhere: [...elsewhere.values()] }
}

const notHere = (driver: string | undefined, options: Readonly<Record<string, string>>): Pick<LogElsewhere, 'why' | 'next'> => {
  if (!driver) return { why: 'it has no log configuration, so what it writes is kept nowhere', next: undefined }
  const to = options.Name ?? options['splunk-url'] ?? options['syslog-address'] ?? options['gelf-address']
  const where = to ? ` (${to})` : ''
  if (driver === 'awsfirelens')
    return { why: `its log goes through FireLens to where its router sends it${where}, which is not read here`, next: undefined }
  return { why: `its log goes to ${driver}${where}, which is not read here`, next: undefined }
}

/** The stream of one container of one task. */
export const streamOf = (
  definition: TaskDefinition,
  container: string,
  task: Pick<Task, 'taskArn'>,
  region: string,
): { readonly group: string; readonly stream: string } | LogElsewhere => {
  const only = { containerDefinitions: (definition.containerDefinitions ?? []).filter((c) => c.name === container) }
  const { sources, elsewhere } = logPlaces([only], region)
  const [source] = sources
  if (source?.streams) return { group: source.group, stream: `${source.streams}${task.taskArn?.split('/').at(-1)}` }
  const [away] = elsewhere
  return away ?? { container, why: 'its log has no stream prefix, so that of one task is not found', next: undefined }
}
