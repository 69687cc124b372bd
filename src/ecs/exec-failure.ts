import type { Aws } from '../aws/clients.ts'
import type { Task } from '../aws/services/ecs-types.ts'
import { codeOf } from '../aws/trouble.ts'
import { type InfraError, refuse } from '../core/errors.ts'
import type { Room } from './exec.ts'
import type { Found } from './service.ts'

/** A session that is asked for, and whose service it is. */
export interface Asked {
  readonly aws: Pick<Aws, 'ec2' | 'iam'>
  readonly found: Found
  readonly room: Room
  readonly region: string
  /** Whether infra made the service; then what `ecs.exec` of the config says. */
  readonly ours: { readonly exec: boolean } | undefined
  line(verb: string, more?: string): string
}

interface Cause {
  readonly what: string
  readonly next: string
}

/** docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html */
const DOCUMENT = 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html'
const ACTIONS = ['CreateControlChannel', 'CreateDataChannel', 'OpenControlChannel', 'OpenDataChannel'].map(
  (a) => `ssmmessages:${a}`,
)

/** What can be told before anybody asks for a session. Undefined: nothing stands against it. */
export const objection = async (of: Asked): Promise<InfraError | undefined> => {
  const { found, room, ours, line } = of
  const { name, cluster, service } = found
  if (!room.task.enableExecuteCommand) {
    if (service.enableExecuteCommand)
      return refuse(
        `The task ${room.id} takes no session`,
        'it was started before ECS Exec was switched on for the service',
        `${line('deploy', '--force')} starts new tasks that do`,
      )
    const on = `aws ecs update-service --cluster ${cluster} --service ${name} --enable-execute-command --force-new-deployment --region ${of.region}`
    return refuse(
      `ECS Exec is off for the service ${name}`,
      'a task takes a session only when it was started with it',
      ours
        ? `${ours.exec ? '' : 'Set ecs.exec: true in infra.yaml, then: '}infra create ecs && ${line('deploy', '--force')}`
        : `${on} (its task role must allow the ssmmessages actions: ${DOCUMENT})`,
    )
  }
  if (room.agent === 'RUNNING') return undefined
  return noAgent(of, `its agent is ${room.agent ?? 'not there'}${reasonIn(room.task, room.container)}`)
}

const reasonIn = (task: Task, container: string): string => {
  const agents = task.containers?.find((c) => c.name === container)?.managedAgents
  const reason = agents?.find((a) => a.name === 'ExecuteCommandAgent')?.reason
  return reason ? ` (${reason})` : ''
}

/** Why ECS has refused the session: an error of ExecuteCommand as what a person can do about it. */
export const refusal = async (of: Asked, error: unknown): Promise<unknown> => {
  const message = error instanceof Error ? error.message : String(error)
  switch (codeOf(error)) {
    case 'TargetNotConnected':
      return noAgent(of, message)
    case 'InvalidParameter':
      return /execute command (was not enabled|agent)|agent isn.t running/i.test(message) ? noAgent(of, message) : error
    default:
      return error
  }
}

/** The agent runs inside the container, with the task's role, and calls out to Systems Manager. */
const noAgent = async (of: Asked, said: string): Promise<InfraError> => {
  const { room, line } = of
  const what = `The task ${room.id} takes no session now`
  const causes = await causesOf(of)
  const [first] = causes
  if (first) return refuse(what, `${said}: ${causes.map((c) => c.what).join('; ')}`, first.next)
  if (room.agent === 'PENDING')
    return refuse(what, `${said}: it comes up some seconds after the task`, `${line('exec')} in a minute`)
  return refuse(
    what,
    `${said}. The usual causes: the task role lacks the ssmmessages actions, the subnet has no way to Systems Manager (NAT gateway or the endpoint ssmmessages), or the task is only just up`,
    `${line('exec')} in a minute; then ${line('deploy', '--force')} for new tasks, and ${DOCUMENT}`,
  )
}

const causesOf = async (of: Asked): Promise<Cause[]> => {
  const { room, ours } = of
  const { definition, container, task } = room
  const causes: Cause[] = []
  const force = of.line('deploy', '--force')
  const old = /^1\.[0-3]\./.test(task.platformVersion ?? '')
  if (old)
    causes.push({
      what: `Fargate ${task.platformVersion} has no ECS Exec: it needs 1.4.0`,
      next: `aws ecs update-service --cluster ${of.found.cluster} --service ${of.found.name} --platform-version LATEST --force-new-deployment`,
    })
  if (definition.containerDefinitions?.find((c) => c.name === container)?.readonlyRootFilesystem)
    causes.push({
      what: `the file system of ${container} is read-only, and the agent must write into it`,
      next: `Take readonlyRootFilesystem out of the task definition, then: ${force}`,
    })
  const [role, way] = await Promise.all([roleOf(of), wayOut(of)])
  if (role)
    causes.push({
      what: role,
      next: ours
        ? `${ours.exec ? '' : 'Set ecs.exec: true in infra.yaml, then: '}infra create ecs && ${force}`
        : `Allow the task role ${ACTIONS.join(', ')} (aws iam put-role-policy), then: ${force}`,
    })
  if (way)
    causes.push({
      what: way,
      next: ours
        ? `Set vpc.nat: single in infra.yaml, or subnets: public for the service, then: infra create && ${force}`
        : `Give its subnets a NAT gateway, or the VPC endpoint com.amazonaws.${of.region}.ssmmessages`,
    })
  return causes
}

/** Only what is seen is said: who may not look, or a call that fails, is no cause. */
const roleOf = async ({ aws, room }: Asked): Promise<string | undefined> => {
  const { taskRoleArn } = room.definition
  if (!taskRoleArn) return 'its task definition has no task role, and the agent needs one with the ssmmessages actions'
  const asked = aws.iam('SimulatePrincipalPolicy', { PolicySourceArn: taskRoleArn, ActionNames: ACTIONS })
  const { EvaluationResults: results = [] } = await asked.catch(() => ({ EvaluationResults: undefined }))
  const denied = results.filter((r) => r.EvalDecision !== 'allowed').map((r) => r.EvalActionName)
  return denied.length > 0 ? `its task role ${taskRoleArn.split('/').at(-1)} does not allow ${denied.join(', ')}` : undefined
}

const detailOf = (task: Task, name: string): string | undefined =>
  task.attachments?.flatMap((a) => a.details ?? []).find((d) => d.name === name)?.value

const wayOut = async ({ aws, room, region }: Asked): Promise<string | undefined> => {
  const subnetId = detailOf(room.task, 'subnetId')
  if (!subnetId) return undefined
  try {
    const { Subnets = [] } = await aws.ec2('DescribeSubnets', { SubnetIds: [subnetId] })
    const vpcId = Subnets[0]?.VpcId ?? ''
    const tables = async (Filters: { Name: string; Values: string[] }[]) =>
      (await aws.ec2('DescribeRouteTables', { Filters })).RouteTables ?? []
    const inVpc = { Name: 'vpc-id', Values: [vpcId] }
    const [own, main, { VpcEndpoints = [] }] = await Promise.all([
      tables([{ Name: 'association.subnet-id', Values: [subnetId] }]),
      tables([{ Name: 'association.main', Values: ['true'] }, inVpc]),
      aws.ec2('DescribeVpcEndpoints', {
        Filters: [inVpc, { Name: 'service-name', Values: [`com.amazonaws.${region}.ssmmessages`] }],
      }),
    ])
    if (VpcEndpoints.some((e) => /^available$/i.test(e.State ?? ''))) return undefined
    const [table] = own.length > 0 ? own : main
    if (!table) return undefined
    const out = table.Routes?.find((r) => r.DestinationCidrBlock === '0.0.0.0/0' && r.State !== 'blackhole')
    if (!out) return `its subnet ${subnetId} has no way out (no NAT gateway), and the network has no endpoint ssmmessages`
    if (!out.GatewayId?.startsWith('igw-')) return undefined
    const eni = detailOf(room.task, 'networkInterfaceId')
    if (!eni) return undefined
    const { NetworkInterfaces = [] } = await aws.ec2('DescribeNetworkInterfaces', { NetworkInterfaceIds: [eni] })
    const [seen] = NetworkInterfaces
    return seen && !seen.Association?.PublicIp
      ? `its subnet ${subnetId} leads to an internet gateway, but the task has no public address`
      : undefined
  } catch {
    return undefined
  }
}
