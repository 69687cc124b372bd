import * as ECS from '@aws-sdk/client-ecs'
import * as ELB from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { startMoto, type TestServer } from '../support/moto.ts'
import { cluster, type Harbour, harbour, name, told } from './ecs.ts'
import { given, refusal } from './support.ts'

describe.skipIf(!inject('motoUrl'))('ECS services', () => {
  let server: TestServer
  let h: Harbour
  beforeAll(async () => {
    server = await startMoto('0,ecs=100')
  })
  beforeEach(async () => {
    h = await harbour(server.url)
    await h.revision()
  })
  afterAll(async () => await server.stop())

  const steady = () => h.until(h.look, (s) => given(s.events?.[0]?.message).endsWith('has reached a steady state.'))

  it('start their tasks, register them, and are steady when the load balancer finds them healthy', async () => {
    const made = await h.create({ enableExecuteCommand: true, propagateTags: 'SERVICE', clientToken: 'one' })
    expect(made).toMatchObject({
      status: 'ACTIVE',
      desiredCount: 2,
      runningCount: 0,
      deployments: [{ rolloutState: 'IN_PROGRESS' }],
    })
    expect([await h.look(), (await h.tasks())[0]?.lastStatus]).toMatchObject([{ pendingCount: 2 }, 'PROVISIONING'])
    await h.pass(60)
    expect([(await h.tasks())[0]?.lastStatus, await h.targets()]).toEqual(['PENDING', []])
    await h.pass(60)
    expect(await h.look()).toMatchObject({ pendingCount: 0, runningCount: 2, deployments: [{ rolloutState: 'IN_PROGRESS' }] })
    expect((await h.targets())[0]?.TargetHealth).toMatchObject({ State: 'initial', Reason: 'Elb.InitialHealthChecking' })
    const service = await steady()
    const deployment = given(service.deployments?.[0])
    expect(service).toMatchObject({
      serviceArn: made.serviceArn,
      runningCount: 2,
      pendingCount: 0,
      healthCheckGracePeriodSeconds: 60,
      enableExecuteCommand: true,
      propagateTags: 'SERVICE',
      loadBalancers: h.loadBalancers,
      capacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: 1, base: 0 }],
      deploymentConfiguration: { maximumPercent: 200, deploymentCircuitBreaker: { enable: true, rollback: true } },
      networkConfiguration: { awsvpcConfiguration: { subnets: h.net.subnets, assignPublicIp: 'DISABLED' } },
      deploymentController: { type: 'ECS' },
      tags: [{ key: 'of', value: 'service' }],
      deployments: [{ status: 'PRIMARY', rolloutState: 'COMPLETED', desiredCount: 2, runningCount: 2, failedTasks: 0 }],
    })
    expect(told(service)).toEqual([
      '(service web) has started 2 tasks: (task ID) (task ID).',
      '(service web) registered 1 targets in (target-group ARN)',
      '(service web) registered 1 targets in (target-group ARN)',
      '(service web) (deployment ecs-svc/N) deployment completed.',
      '(service web) has reached a steady state.',
    ])
    const tasks = await h.tasks()
    expect(tasks).toMatchObject(
      [0, 1].map(() => ({
        lastStatus: 'RUNNING',
        startedBy: deployment.id,
        group: 'service:web',
        capacityProviderName: 'FARGATE',
        tags: [{ key: 'of', value: 'service' }],
        containers: [{ name: 'web', lastStatus: 'RUNNING' }, {}],
      })),
    )
    const addresses = tasks.map((t) => t.attachments?.[0]?.details?.find((d) => d.name === 'privateIPv4Address')?.value)
    expect(addresses).toEqual([expect.stringMatching(/^10\.0\.0\./), expect.stringMatching(/^10\.0\.1\./)])
    expect((await h.targets()).map((t) => [t.Target?.Id, t.Target?.Port, t.TargetHealth?.State]).sort()).toEqual(
      addresses.map((a) => [a, 8000, 'healthy']).sort(),
    )
    expect((await h.log(tasks[0])).slice(0, 2)).toEqual([
      'listening on port 8000',
      expect.stringContaining('GET /up HTTP/1.1" 200'),
    ])
  })

  it('have as many tasks as is asked for, without another deployment', async () => {
    const { deployments } = await h.create()
    await steady()
    const [first, second] = await h.tasks()
    await h.update({ desiredCount: 1 })
    const fewer = await h.until(h.look, (s) => s.runningCount === 1 && given(s.events?.[0]?.message).includes('steady'))
    expect(fewer.deployments).toMatchObject([{ id: deployments?.[0]?.id, desiredCount: 1, rolloutState: 'COMPLETED' }])
    expect(told(fewer).slice(-3)).toEqual([
      '(service web) deregistered 1 targets in (target-group ARN)',
      '(service web) has stopped 1 running tasks: (task ID).',
      '(service web) has reached a steady state.',
    ])
    expect((await h.tasks('STOPPED'))[0]).toMatchObject({
      stopCode: 'ServiceSchedulerInitiated',
      stoppedReason: `Scaling activity initiated by (deployment ${deployments?.[0]?.id})`,
    })
    const states = async () => (await h.targets()).map((t) => t.TargetHealth?.State).sort()
    expect(await states()).toEqual(['draining', 'healthy'])
    expect(await h.until(states, (s) => s.length === 1)).toEqual(['healthy'])
    const service = { resourceArn: given(fewer.serviceArn) }
    await h.aws.ecs.send(new ECS.TagResourceCommand({ ...service, tags: [{ key: 'more', value: 'x' }] }))
    await h.aws.ecs.send(new ECS.UntagResourceCommand({ ...service, tagKeys: ['of'] }))
    expect((await h.look()).tags).toEqual([{ key: 'more', value: 'x' }])
    await h.update({ desiredCount: 3 })
    expect(await h.until(h.look, (s) => s.runningCount === 3)).toMatchObject({ deployments: [{ id: deployments?.[0]?.id }] })
    const left = (await h.tasks()).map((t) => t.taskArn)
    expect(left.filter((arn) => arn === first?.taskArn || arn === second?.taskArn)).toHaveLength(1)
    const [one] = await h.tasks()
    await h.aws.ecs.send(new ECS.StopTaskCommand({ cluster, task: given(one?.taskArn), reason: 'by hand' }))
    expect(await h.look()).toMatchObject({ runningCount: 2, pendingCount: 1 })
    expect(await h.until(h.look, (s) => s.runningCount === 3)).toMatchObject({ deployments: [{ failedTasks: 0 }] })
  })

  it('are refused as on AWS', async () => {
    const code = async (more: Partial<ECS.CreateServiceCommandInput>) => refusal(h.create(more))
    expect(await code({ cluster: 'none' })).toContain('ClusterNotFoundException')
    expect(await code({ taskDefinition: 'none' })).toContain('TaskDefinition not found')
    expect(await code({ taskDefinition: undefined })).toContain('TaskDefinition can not be blank')
    expect(await code({ networkConfiguration: undefined })).toContain('Network Configuration must be provided')
    expect(await code({ launchType: 'FARGATE' })).toContain('both a launch type and capacity provider strategy')
    expect(await code({ loadBalancers: [] })).toContain('Health check grace period is only valid')
    const [balancer] = h.loadBalancers
    const behind = (more: object) => code({ loadBalancers: [{ ...balancer, ...more }] })
    expect(await behind({ containerPort: 1 })).toContain('did not have a container port 1 defined')
    expect(await behind({ containerName: 'none' })).toContain('does not exist in the task definition')
    expect(await behind({ targetGroupArn: `${h.targetGroupArn}x` })).toMatch(/target group \S+x does not exist/)
    const idle = given((await h.elb.send(new ELB.CreateTargetGroupCommand({ ...h.group, Name: 'idle' }))).TargetGroups?.[0])
    expect(await behind({ targetGroupArn: idle.TargetGroupArn })).toContain('does not have an associated load balancer')
    const { serviceArn } = await h.create({ clientToken: 'one' })
    expect((await h.create({ clientToken: 'one' })).serviceArn).toBe(serviceArn)
    expect(await code({ clientToken: 'two' })).toContain('Creation of service was not idempotent')
    expect(await code({ clientToken: 'one', desiredCount: 3 })).toContain('Creation of service was not idempotent')
    const all = new ECS.DescribeServicesCommand({ cluster, services: Array.from({ length: 11 }, (_, i) => `s${i}`) })
    expect(await refusal(h.aws.ecs.send(all))).toContain('InvalidParameterException')
    expect(await refusal(h.update({ service: 'none' }))).toContain('ServiceNotFoundException')
    expect(await refusal(h.update({ taskDefinition: 'web:9' }))).toContain('TaskDefinition not found')
    expect([await h.pass(-1), await h.pass(0)]).toEqual([400, 200])
    const none = new ECS.ListTasksCommand({ cluster, serviceName: 'none' })
    expect(await refusal(h.aws.ecs.send(none))).toContain('ServiceNotFoundException')
  })

  it('are balanced over the zones unless that is switched off, which needs room for a task on top', async () => {
    const deploymentConfiguration = { minimumHealthyPercent: 0, maximumPercent: 100 }
    const refused =
      'InvalidParameterException: Availability Zone Rebalancing does not support maximumPercent <= 100 % as deployment configuration.'
    expect(await refusal(h.create({ deploymentConfiguration }))).toBe(refused)
    await h.create({ deploymentConfiguration, availabilityZoneRebalancing: 'DISABLED' })
    expect(await h.look()).toMatchObject({ availabilityZoneRebalancing: 'DISABLED' })
    expect(await refusal(h.update({ availabilityZoneRebalancing: 'ENABLED' }))).toBe(refused)
    await h.update({ availabilityZoneRebalancing: 'ENABLED', deploymentConfiguration: { maximumPercent: 200 } })
    expect(await refusal(h.update({ deploymentConfiguration }))).toBe(refused)
    const other = await h.create({ serviceName: 'other', loadBalancers: [], healthCheckGracePeriodSeconds: 0 })
    expect(other).toMatchObject({ availabilityZoneRebalancing: 'ENABLED' })
  })

  it('drain when they are deleted, stay listed as inactive, and give their name back', async () => {
    const { serviceArn } = await h.create()
    await steady()
    const remove = (force = false) => h.aws.ecs.send(new ECS.DeleteServiceCommand({ cluster, service: name, force }))
    const deleteCluster = () => refusal(h.aws.ecs.send(new ECS.DeleteClusterCommand({ cluster })))
    expect(await deleteCluster()).toContain('ClusterContainsServicesException')
    expect(await refusal(remove())).toContain('cannot be stopped while it is scaled above 0')
    expect((await remove(true)).service).toMatchObject({ status: 'DRAINING', desiredCount: 0 })
    expect(await refusal(h.create())).toContain('still Draining')
    expect(await refusal(h.update({ desiredCount: 1 }))).toContain('ServiceNotActiveException')
    expect(await deleteCluster()).toContain('ClusterContainsTasksException')
    const gone = await h.until(h.look, (s) => s.status === 'INACTIVE')
    expect(gone).toMatchObject({ serviceArn, status: 'INACTIVE', runningCount: 0, pendingCount: 0, deployments: [] })
    expect(await h.targets()).toEqual([])
    expect((await h.aws.ecs.send(new ECS.ListServicesCommand({ cluster }))).serviceArns).toEqual([])
    expect(await refusal(remove(true))).toContain('ServiceNotFoundException')
    expect(await h.create()).toMatchObject({ status: 'ACTIVE', events: [] })
    await h.until(h.look, (s) => s.runningCount === 2)
    await remove(true)
    expect(await h.until(deleteCluster, (r) => r === 'no error')).toBe('no error')
  })

  it.each<[string, Partial<ECS.CapacityProviderStrategyItem>, number]>([
    ['weights', { weight: 1, base: 1 }, 2],
    ['a base alone', { weight: 0, base: 1 }, 1],
  ])('share their tasks out to the capacity providers: %s', async (_, share, fargate) => {
    const spot = { capacityProvider: 'FARGATE_SPOT', weight: 3 }
    await h.create({ desiredCount: 5, capacityProviderStrategy: [{ capacityProvider: 'FARGATE', ...share }, spot] })
    const providers = (await h.tasks()).map((t) => t.capacityProviderName)
    expect(providers.filter((p) => p === 'FARGATE')).toHaveLength(fargate)
    expect(providers.filter((p) => p === 'FARGATE_SPOT')).toHaveLength(5 - fargate)
  })
})

describe.skipIf(!inject('motoUrl'))('where everything takes no time', () => {
  it('a service is steady at the first look', async () => {
    const h = await harbour(given(inject('motoUrl')))
    await h.revision()
    await h.create()
    expect(await h.look()).toMatchObject({ runningCount: 2, pendingCount: 0, deployments: [{ rolloutState: 'COMPLETED' }] })
    expect((await h.targets()).map((t) => t.TargetHealth?.State)).toEqual(['healthy', 'healthy'])
    await h.update({ taskDefinition: await h.revision() })
    expect(await h.look()).toMatchObject({ runningCount: 2, deployments: [{ rolloutState: 'COMPLETED' }] })
    expect((await h.look()).deployments).toHaveLength(1)
    await h.aws.ecs.send(new ECS.DeleteServiceCommand({ cluster, service: name, force: true }))
    expect(await h.look()).toMatchObject({ status: 'INACTIVE' })
  })
})
