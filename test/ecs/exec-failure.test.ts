import { describe, expect, it } from 'vitest'
import type { Task } from '../../src/aws/services/ecs-types.ts'
import type { Room } from '../../src/ecs/exec.ts'
import { type Asked, objection, refusal } from '../../src/ecs/exec-failure.ts'
import { definition, found, line, running } from '../cli/exec/stage.ts'
import { account, awsError } from './support.ts'

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
