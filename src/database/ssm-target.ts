import type { Aws } from '../aws/clients.ts'
import { listTasks } from '../aws/ecs-lists.ts'
import { STACK_TAG, tagMap } from '../aws/tags.ts'
import { InfraError } from '../core/errors.ts'

export interface TargetOptions {
  readonly aws: Pick<Aws, 'ssm' | 'ecs' | 'ec2'>
  /** `i-...`, `mi-...`, `ecs:<cluster>` or `ecs:<cluster>/<service>`. */
  readonly target?: string | undefined
  /** Where to look for one when none is named. */
  readonly vpcId?: string | undefined
}

const OTHERWISE = 'set databases.via in infra.yaml to task (a container for a minute)'
const BASTION = 'Add bastion to steps in infra.yaml and run: infra create bastion'

/** Through what a session goes: its name as StartSession takes it. @throws InfraError when nothing is there that could */
export const findTarget = async ({ aws, target, vpcId }: TargetOptions): Promise<string> => {
  if (target === undefined) return inNetwork(aws, vpcId)
  if (/^ecs:.+_[0-9a-f]{32}_[0-9a-f]{32}-\d+$/.test(target)) return target
  if (target.startsWith('ecs:')) return inCluster(aws, target.slice('ecs:'.length))
  await checkOnline(aws, target)
  return target
}

const online = async (aws: TargetOptions['aws'], filter: { Key: string; Values: string[] }): Promise<Map<string, string>> => {
  const found = new Map<string, string>()
  let NextToken: string | undefined
  do {
    const page = await aws.ssm('DescribeInstanceInformation', { Filters: [filter], ...(NextToken ? { NextToken } : {}) })
    for (const { InstanceId, PingStatus } of page.InstanceInformationList ?? [])
      if (InstanceId) found.set(InstanceId, PingStatus ?? '')
    NextToken = page.NextToken
  } while (NextToken)
  return found
}

/** The usual reasons for which an instance is not there for Systems Manager. */
const USUAL =
  'it has neither a public address nor a way to Systems Manager (NAT gateway or endpoints), its role lacks AmazonSSMManagedInstanceCore, or its agent does not run yet (some minutes after the start)'

const checkOnline = async (aws: TargetOptions['aws'], id: string): Promise<void> => {
  const status = (await online(aws, { Key: 'InstanceIds', Values: [id] })).get(id)
  if (status === 'Online') return
  throw new InfraError(`The instance ${id} cannot be reached through Systems Manager`, {
    why: status ? `its agent was heard before and is ${status === 'ConnectionLost' ? 'silent' : status} now` : USUAL,
    next: `Start or fix it, name another databases.target, or ${OTHERWISE}`,
  })
}

const inNetwork = async (aws: TargetOptions['aws'], vpcId: string | undefined): Promise<string> => {
  if (vpcId === undefined) throw none('the network of the database is not known')
  const there: { id: string; ours: boolean }[] = []
  let NextToken: string | undefined
  do {
    const page = await aws.ec2('DescribeInstances', {
      Filters: [
        { Name: 'vpc-id', Values: [vpcId] },
        { Name: 'instance-state-name', Values: ['running'] },
      ],
      ...(NextToken ? { NextToken } : {}),
    })
    for (const { InstanceId: id, Tags } of (page.Reservations ?? []).flatMap((r) => r.Instances ?? []))
      if (id) there.push({ id, ours: STACK_TAG in tagMap(Tags) })
    NextToken = page.NextToken
  } while (NextToken)
  if (there.length === 0) throw none(`no instance runs in ${vpcId}`)
  const answering = await online(aws, { Key: 'PingStatus', Values: ['Online'] })
  const usable = there.filter(({ id }) => answering.get(id) === 'Online').sort((a, b) => Number(b.ours) - Number(a.ours))
  const [first] = usable
  if (!first) throw none(`${there.map(({ id }) => id).join(', ')} in ${vpcId}: ${USUAL}`)
  return first.id
}

const none = (why: string): InfraError =>
  new InfraError('There is nothing that a session could go through to the database', {
    why,
    next: `${BASTION}; or name an instance or ECS service in databases.target, or ${OTHERWISE}`,
  })

const inCluster = async (aws: TargetOptions['aws'], place: string): Promise<string> => {
  const [cluster = '', service] = place.split('/')
  const tasks = await listTasks(aws, { cluster, desiredStatus: 'RUNNING', ...(service ? { serviceName: service } : {}) })
  let withExec = 0
  for (let from = 0; from < tasks.length; from += 100) {
    const { tasks: some = [] } = await aws.ecs('DescribeTasks', { cluster, tasks: tasks.slice(from, from + 100) })
    for (const task of some) {
      if (task.enableExecuteCommand) withExec++
      for (const { runtimeId, managedAgents } of task.containers ?? []) {
        const agent = managedAgents?.find((a) => a.name === 'ExecuteCommandAgent')
        const id = task.taskArn?.split('/').at(-1)
        if (task.enableExecuteCommand && agent?.lastStatus === 'RUNNING' && runtimeId && id)
          return `ecs:${cluster}_${id}_${runtimeId}`
      }
    }
  }
  const where = service ? `the service ${service} of the cluster ${cluster}` : `the cluster ${cluster}`
  throw new InfraError(`No task of ${where} takes a session`, {
    why:
      tasks.length === 0
        ? 'none runs'
        : withExec === 0
          ? 'ECS Exec is off: a task has it only when it was started with enableExecuteCommand'
          : 'the ECS Exec agent runs in none: the task role needs the ssmmessages actions, and the subnet a way to Systems Manager',
    next: `Fix that (docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html), name another databases.target, or ${OTHERWISE}`,
  })
}
