import { describe, expect, it } from 'vitest'
import type { Task } from '../../../src/aws/services/ecs-types.ts'
import { commandText, findRoom, type Room } from '../../../src/containers/exec.ts'
import { type Asked, objection, refusal } from '../../../src/containers/exec-why.ts'
import type { Found } from '../../../src/containers/find.ts'
import { InfraError } from '../../../src/engine/errors.ts'
import { account, arnOf, at, awsError, deployment, service, task } from '../../containers/support.ts'

const line = (verb: string, more = ''): string => `infra ${verb} web${more ? ` ${more}` : ''}`
const definition = {
  taskDefinitionArn: arnOf('web:7'),
  family: 'web',
  taskRoleArn: 'arn:aws:iam::111122223333:role/shop-task',
  containerDefinitions: [{ name: 'web', image: 'x', essential: true }],
}
const found = (more: object = {}): Found => ({
  cluster: 'shop',
  name: 'web',
  definition,
  service: service([deployment('web:7', { rolloutState: 'COMPLETED' })], { enableExecuteCommand: true, ...more }),
})
const running = (id: string, s: number, agent?: string, more: Partial<Task> = {}): Task =>
  task('web:7', {
    taskArn: `arn:aws:ecs:us-east-1:111122223333:task/shop/${id}`,
    startedAt: at(s),
    enableExecuteCommand: true,
    containers: [
      {
        name: 'web',
        lastStatus: 'RUNNING',
        runtimeId: `${id}-r`,
        ...(agent ? { managedAgents: [{ name: 'ExecuteCommandAgent', lastStatus: agent }] } : {}),
      },
    ],
    ...more,
  })

describe('the command as ECS takes it', () => {
  it.each([
    [['ls'], 'ls'],
    [['python', 'manage.py', 'shell', '-c', 'print(1)'], "python manage.py shell -c 'print(1)'"],
    [['echo', "it's", ''], "echo 'it'\\''s' ''"],
    [['sh', '-c', 'echo $HOME # not a comment'], "sh -c 'echo $HOME # not a comment'"],
    [['a\\b', '"', '#x', 'é'], "'a\\b' '\"' '#x' 'é'"],
    // As it is typed for aws ecs execute-command --command.
    [['ls -la "/my dir"'], 'ls -la "/my dir"'],
  ])('%j', (words, text) => expect(commandText(words)).toBe(text))
})

describe('into which task', () => {
  const room = (tasks: Task[], wish: object = {}, service: object = {}, more: object = {}) =>
    findRoom(
      account({ ListTasks: { taskArns: tasks.map((t) => t.taskArn) }, DescribeTasks: { tasks }, ...more }),
      found(service),
      { line, ...wish },
    )

  it('the youngest that takes a session; only where none does, the youngest', async () => {
    const all = [running('a', 10, 'RUNNING'), running('b', 30, 'RUNNING'), running('c', 40, 'STOPPED')]
    expect(await room(all)).toMatchObject({ id: 'b', container: 'web', runtimeId: 'b-r', agent: 'RUNNING', of: 3 })
    expect(await room([running('a', 10), running('b', 30)])).toMatchObject({ id: 'b', agent: undefined })
  })

  it('one beside a rollout has the containers of its own revision', async () => {
    const old = { ...definition, taskDefinitionArn: arnOf('web:6'), containerDefinitions: [{ name: 'api', image: 'x' }] }
    const one = running('a', 10, 'RUNNING', {
      taskDefinitionArn: arnOf('web:6'),
      containers: [{ name: 'api', lastStatus: 'RUNNING' }],
    })
    expect(await room([one], {}, {}, { DescribeTaskDefinition: { taskDefinition: old } })).toMatchObject({ container: 'api' })
  })

  it.each([
    ['none is wanted', [], {}, { desiredCount: 0 }, /No task of web runs: the service is set to none/, 'infra scale web 1'],
    [
      'none is up yet',
      [running('a', 1, undefined, { lastStatus: 'PENDING' })],
      {},
      {},
      /runs yet: a is PENDING/,
      'infra deploy web',
    ],
    ['none is there', [], {}, { desiredCount: 2 }, /runs yet: 2 are wanted, and none is there/, 'infra verify web'],
    [
      'there is no such task',
      [running('abc', 1)],
      { task: 'x' },
      {},
      /No task x of web runs: these run: abc \(web:7\)/,
      '--task <id>',
    ],
    ['two begin so', [running('ab1', 1), running('ab2', 2)], { task: 'ab' }, {}, /2 tasks begin with ab/, '--task <id>'],
    ['there is no such container', [running('a', 1)], { container: 'db' }, {}, /has no container db: it has web/, undefined],
    [
      'the container has ended',
      [running('a', 1, undefined, { containers: [{ name: 'web', lastStatus: 'STOPPED', exitCode: 3 }] })],
      {},
      {},
      /container web of the task a does not run: it ended with 3/,
      'infra logs web',
    ],
  ])('refuses when %s', async (_, tasks, wish, service, words, next) => {
    const error = await room(tasks as Task[], wish, service).catch((e: unknown) => e as InfraError)
    expect(error).toBeInstanceOf(InfraError)
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(words) })
    if (next) expect((error as InfraError).next).toContain(next)
  })
})

describe('why not', () => {
  const details = [
    { name: 'subnetId', value: 'subnet-1' },
    { name: 'networkInterfaceId', value: 'eni-1' },
  ]
  const inNetwork = (more: Partial<Task> = {}, agent = 'STOPPED'): Task =>
    running('a', 1, agent, { attachments: [{ type: 'ElasticNetworkInterface', details }], ...more })
  const WELL = {
    SimulatePrincipalPolicy: { EvaluationResults: [{ EvalActionName: 'ssmmessages:OpenDataChannel', EvalDecision: 'allowed' }] },
    DescribeSubnets: { Subnets: [{ VpcId: 'vpc-1' }] },
    DescribeRouteTables: { RouteTables: [{ Routes: [{ DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: 'nat-1' }] }] },
    DescribeVpcEndpoints: { VpcEndpoints: [] },
    DescribeNetworkInterfaces: { NetworkInterfaces: [{ Association: { PublicIp: '198.51.100.1' } }] },
  }
  const asked = (t: Task, answers: object = {}, more: Partial<Asked> = {}, room: Partial<Room> = {}): Asked => {
    const agent = t.containers?.[0]?.managedAgents?.[0]?.lastStatus
    const whole = { task: t, id: 'a', definition, container: 'web', runtimeId: 'r', agent, of: 1, ...room }
    return {
      aws: account({ ...WELL, ...answers }),
      found: found(),
      room: whole,
      region: 'us-east-1',
      ours: { exec: true },
      line,
      ...more,
    }
  }
  const why = async (of: Asked) => {
    const e = await objection(of)
    return e && { code: e.exitCode, text: e.message, next: e.next ?? '' }
  }

  it('nothing, when the agent runs: nobody else is asked then', async () => {
    const of = asked(inNetwork({}, 'RUNNING'))
    expect(await objection(of)).toBeUndefined()
    expect((of.aws as ReturnType<typeof account>).sent).toEqual([])
  })

  it('it is off: how to switch it on, for a service of the config and for any other', async () => {
    const off = running('a', 1, undefined, { enableExecuteCommand: false })
    const none = { found: found({ enableExecuteCommand: false }) }
    expect(await why(asked(off, {}, { ...none, ours: { exec: false } }))).toEqual({
      code: 2,
      text: 'ECS Exec is off for the service web: a task takes a session only when it was started with it',
      next: 'Set ecs.exec: true in infra.yaml, then: infra create ecs && infra deploy web --force',
    })
    expect((await why(asked(off, {}, none)))?.next).toBe('infra create ecs && infra deploy web --force')
    expect((await why(asked(off, {}, { ...none, ours: undefined })))?.next).toContain(
      'aws ecs update-service --cluster shop --service web --enable-execute-command --force-new-deployment --region us-east-1',
    )
  })

  it('the task is older than the switch', async () => {
    const said = await why(asked(running('a', 1, undefined, { enableExecuteCommand: false })))
    expect(said?.text).toContain('it was started before ECS Exec was switched on')
    expect(said?.next).toBe('infra deploy web --force starts new tasks that do')
  })

  it.each<[string, object, Partial<Room>, object, RegExp, string]>([
    ['no task role', {}, { definition: { ...definition, taskRoleArn: undefined } }, {}, /has no task role/, 'infra create ecs'],
    [
      'a role without the actions',
      {},
      {},
      {
        SimulatePrincipalPolicy: {
          EvaluationResults: [{ EvalActionName: 'ssmmessages:OpenDataChannel', EvalDecision: 'implicitDeny' }],
        },
      },
      /its task role shop-task does not allow ssmmessages:OpenDataChannel/,
      'infra create ecs && infra deploy web --force',
    ],
    [
      'a read-only file system',
      {},
      { definition: { ...definition, containerDefinitions: [{ name: 'web', readonlyRootFilesystem: true }] } },
      {},
      /the file system of web is read-only/,
      'readonlyRootFilesystem',
    ],
    ['an old platform', { platformVersion: '1.3.0' }, {}, {}, /Fargate 1\.3\.0 has no ECS Exec/, '--platform-version LATEST'],
    [
      'no way out',
      {},
      {},
      { DescribeRouteTables: { RouteTables: [{ Routes: [] }] } },
      /subnet-1 has no way out/,
      'vpc.nat: single',
    ],
    [
      'a public subnet without an address',
      {},
      {},
      {
        DescribeRouteTables: { RouteTables: [{ Routes: [{ DestinationCidrBlock: '0.0.0.0/0', GatewayId: 'igw-1' }] }] },
        DescribeNetworkInterfaces: { NetworkInterfaces: [{}] },
      },
      /leads to an internet gateway, but the task has no public address/,
      'subnets: public',
    ],
  ])('the agent does not run: %s', async (_, more, room, answers, words, next) => {
    const said = await why(asked(inNetwork(more), answers, {}, room))
    expect(said?.text).toContain('The task a takes no session now: its agent is STOPPED: ')
    expect(said?.text).toMatch(words)
    expect(said?.next).toContain(next)
  })

  it('an endpoint is a way, and what may not be looked at is no cause', async () => {
    const shut = { DescribeRouteTables: { RouteTables: [{ Routes: [] }] } }
    const open = await why(asked(inNetwork(), { ...shut, DescribeVpcEndpoints: { VpcEndpoints: [{ State: 'available' }] } }))
    expect(open?.text).toContain('The usual causes: ')
    const barred = awsError('AccessDenied', 'no')
    const blind = await why(asked(inNetwork(), { SimulatePrincipalPolicy: barred, DescribeSubnets: barred }))
    expect(blind?.text).toContain('The usual causes: ')
  })

  it('one that is just coming up', async () => {
    expect((await why(asked(inNetwork({}, 'PENDING'))))?.text).toContain('its agent is PENDING: it comes up some seconds after')
  })

  it('what ECS refuses is explained in the same way; any other error stays what it is', async () => {
    const of = asked(inNetwork({}, 'RUNNING'), { DescribeRouteTables: { RouteTables: [{ Routes: [] }] } })
    const gone = awsError('TargetNotConnectedException', 'The execute command failed due to an internal error.')
    expect(await refusal(of, gone)).toMatchObject({ exitCode: 2, why: expect.stringMatching(/internal error\.: .*no way out/) })
    const off = awsError(
      'InvalidParameterException',
      'The execute command failed because execute command was not enabled when the task was run or the execute command agent isn’t running.',
    )
    expect(await refusal(of, off)).toMatchObject({ what: 'The task a takes no session now' })
    const other = awsError('InvalidParameterException', 'Unable to start command: Interactive is the only mode supported.')
    expect(await refusal(of, other)).toBe(other)
    const barred = awsError('AccessDeniedException', 'no')
    expect(await refusal(of, barred)).toBe(barred)
  })
})
