import { describe, expect, it } from 'vitest'
import { Service } from '../../../src/kinds/ecs/service.ts'
import { tagsAs } from '../fixtures/ecs.ts'
import { attrs, revisionOf, shown, want } from '../fixtures/ecs-service.ts'
import { aws, awsError, type Cloud, cloud, type Input, stamp } from '../support/cloud.ts'
import { Run } from '../support/run.ts'

const REASON = 'ECS deployment circuit breaker: tasks failed to start.'

interface Rollout {
  readonly id: string
  readonly taskDefinition: string
  readonly at: number
  readonly bad: boolean
}

/** An ECS in which a rollout takes two minutes, to its end or to its failure, as the revision is good or bad. */
class Ecs {
  readonly run = new Run(Service)
  readonly account: Cloud
  bad = new Set<string>()
  breaker = true
  /** For so long after a call no look shows what it did: MISSING after a create, the old service after an update. */
  lagMs = 0
  #calledAt = 0
  #before: object = { services: [], failures: [{ reason: 'MISSING' }] }
  #service: { taskDefinition: string; desiredCount: number } | undefined
  #rollouts: Rollout[] = []
  #n = 0
  #ended = false

  constructor() {
    this.account = cloud({
      CreateService: (i: Input) => {
        this.#called()
        this.#service = { taskDefinition: String(i.taskDefinition), desiredCount: Number(i.desiredCount) }
        this.#roll()
        return { service: { serviceArn: shown.serviceArn } }
      },
      UpdateService: (i: Input) => {
        if (!this.#service) return awsError('ServiceNotFoundException')
        this.#called()
        Object.assign(
          this.#service,
          Object.fromEntries(['taskDefinition', 'desiredCount'].flatMap((k) => (k in i ? [[k, i[k]]] : []))),
        )
        if (i.forceNewDeployment) this.#roll()
        return {}
      },
      DeleteService: () => {
        this.#ended = true
        return {}
      },
      DescribeServices: () => (this.run.clock.now() - this.#calledAt < this.lagMs ? this.#before : this.#show()),
      ListTasks: { taskArns: ['arn:task'] },
      DescribeTasks: {
        tasks: [
          {
            lastStatus: 'STOPPED',
            stoppedReason: 'Essential container in task exited',
            containers: [{ name: 'web', exitCode: 1 }],
          },
        ],
      },
    })
  }
  /** Somebody else changes it. */
  meddle(part: { taskDefinition?: string; desiredCount?: number }): void {
    Object.assign(this.#service ?? {}, part)
    if (part.taskDefinition) this.#roll()
  }
  calls(operation: string): Input[] {
    return this.account.sent.filter(([name]) => name === operation).map(([, input]) => input)
  }
  #called(): void {
    this.#before = this.#show()
    this.#calledAt = this.run.clock.now()
  }
  #roll(): void {
    this.#rollouts.unshift({
      id: `ecs-svc/${++this.#n}`,
      taskDefinition: this.#service?.taskDefinition ?? '',
      at: this.run.clock.now(),
      bad: this.bad.has(this.#service?.taskDefinition ?? ''),
    })
  }
  #show(): object {
    if (!this.#service || this.#ended) return { services: [], failures: [{ reason: 'MISSING' }] }
    const stateOf = (r: Rollout) =>
      this.run.clock.now() - r.at < 120_000 ? 'IN_PROGRESS' : !r.bad ? 'COMPLETED' : this.breaker ? 'FAILED' : 'IN_PROGRESS'
    let [now, before] = this.#rollouts
    if (now && stateOf(now) === 'FAILED' && before && stateOf(before) === 'COMPLETED') {
      this.#service.taskDefinition = before.taskDefinition
      this.#roll()
      ;[now, before] = this.#rollouts
    }
    const state = now ? stateOf(now) : 'COMPLETED'
    const deployments = [
      { id: now?.id, status: 'PRIMARY', rolloutState: state, rolloutStateReason: REASON },
      ...(before && state === 'IN_PROGRESS'
        ? [{ id: before.id, status: 'ACTIVE', rolloutState: stateOf(before), rolloutStateReason: REASON }]
        : []),
    ]
    const runningCount = state === 'COMPLETED' ? this.#service.desiredCount : 0
    return { services: [{ ...shown, ...this.#service, runningCount, deployments, tags: tagsAs(stamp.tags) }] }
  }
}

const next = { ...want, taskDefinition: revisionOf(8) }

describe('ECS answers late', () => {
  it('MISSING for seconds after CreateService: it is waited for, and made once', async () => {
    const ecs = new Ecs()
    ecs.lagMs = 6000
    expect(await ecs.run.create(want)).toEqual(attrs)
    expect(ecs.run.row?.is).toBe('ready')
    expect(ecs.calls('CreateService')).toHaveLength(1)
  })

  it('the old service for seconds after UpdateService: its steady state is not taken for the end, and the revision is named', async () => {
    const ecs = new Ecs()
    ecs.lagMs = 6000
    await ecs.run.create(want)
    ecs.run.events.length = 0
    const began = ecs.run.clock.now()
    await ecs.run.create(next)
    expect(ecs.run.clock.now() - began).toBeGreaterThan(120_000)
    expect(ecs.calls('UpdateService')).toHaveLength(1)
    expect(ecs.run.waited()[0]).toMatch(
      /^2 of 2 tasks running; not changed yet: taskDefinition: …\S*:task-definition\/web:7 -> …\S*:task-definition\/web:8$/,
    )
  })
})

describe('a rollout that fails', () => {
  it('ends the create at once with the reasons; nothing is deleted, and the next run rolls out anew', async () => {
    const ecs = new Ecs()
    ecs.bad.add(revisionOf(7))
    const began = ecs.run.clock.now()
    await expect(ecs.run.create(want)).rejects.toMatchObject({
      what: 'the-key: its rollout failed: ECS deployment circuit breaker: tasks failed to start',
      why: 'its command ended with 1; a task stopped: Essential container in task exited; web: exit code 1',
      next: 'Its last lines say why: infra logs. Then run the same command again: it is tried anew',
    })
    expect(ecs.run.clock.now() - began).toBeLessThan(4 * 60_000)
    expect(ecs.run.row).toMatchObject({ is: 'creating', attrs })
    expect(ecs.calls('UpdateService')).toEqual([])

    // The cause was elsewhere (an image, a secret): the same revision is good now.
    ecs.bad.clear()
    expect(await ecs.run.create(want)).toEqual(attrs)
    expect(ecs.calls('UpdateService')).toEqual([
      { cluster: 'shop', service: 'shop-dev-thing', taskDefinition: revisionOf(7), forceNewDeployment: true },
    ])
    expect(ecs.calls('DeleteService')).toEqual([])
    expect(ecs.run.row?.is).toBe('ready')
  })

  it('that ECS rolls back ends the update at once, and the next run tries the new revision again', async () => {
    const ecs = new Ecs()
    await ecs.run.create(want)
    ecs.bad.add(revisionOf(8))
    const began = ecs.run.clock.now()
    await expect(ecs.run.create(next)).rejects.toMatchObject({
      what: 'the-key: its rollout failed: ECS deployment circuit breaker: tasks failed to start; it is rolled back',
    })
    expect(ecs.run.clock.now() - began).toBeLessThan(4 * 60_000)
    ecs.bad.clear()
    await ecs.run.create(next)
    expect(ecs.calls('UpdateService').map((i) => i.taskDefinition)).toEqual([revisionOf(8), revisionOf(8)])
    expect(ecs.run.row).toMatchObject({ is: 'ready', want: { taskDefinition: revisionOf(8) } })
  })

  it('without a circuit breaker is waited for until the deadline; a fixed config does not wait for it', async () => {
    const ecs = new Ecs()
    ecs.breaker = false
    ecs.bad.add(revisionOf(7))
    await expect(ecs.run.create(want)).rejects.toMatchObject({
      what: expect.stringContaining('is still "0 of 2 tasks running'),
      why: expect.stringContaining('exit code 1'),
    })
    const began = ecs.run.clock.now()
    await ecs.run.create(next)
    expect(ecs.run.clock.now() - began).toBeLessThan(3 * 60_000)
    expect(ecs.run.row?.is).toBe('ready')
  })

  it('is destroyed without waiting for it', async () => {
    const ecs = new Ecs()
    ecs.bad.add(revisionOf(7))
    ecs.breaker = false
    await ecs.run.create(want).catch(() => undefined)
    const began = ecs.run.clock.now()
    await ecs.run.destroy()
    expect(ecs.run.clock.now() - began).toBeLessThan(10_000)
    expect(ecs.run.row).toBeUndefined()
  })
})

describe('what others changed', () => {
  it('another number of tasks stays theirs, until another one is wanted', async () => {
    const ecs = new Ecs()
    await ecs.run.create(want)
    ecs.meddle({ desiredCount: 4 })
    await ecs.run.create(want)
    expect(ecs.calls('UpdateService')).toEqual([])
    expect(ecs.run.row?.attrs).toMatchObject({ desired: 2 })

    await ecs.run.create({ ...want, desired: 3 })
    expect(ecs.calls('UpdateService')).toEqual([{ cluster: 'shop', service: 'shop-dev-thing', desiredCount: 3 }])
    expect(ecs.run.row?.attrs).toMatchObject({ desired: 3 })
    await ecs.run.create({ ...want, desired: 3 })
    expect(ecs.calls('UpdateService')).toHaveLength(1)
  })

  it('a revision that somebody deployed is a difference to an older one, and none to itself', async () => {
    const ecs = new Ecs()
    await ecs.run.create(want)
    ecs.meddle({ taskDefinition: revisionOf(9) })
    await ecs.run.create({ ...want, taskDefinition: revisionOf(9) })
    expect(ecs.calls('UpdateService')).toEqual([])
    await ecs.run.create(want)
    expect(ecs.calls('UpdateService').map((i) => i.taskDefinition)).toEqual([revisionOf(7)])
  })
})

describe('why tasks do not start', () => {
  const stopped = (stoppedReason: string, minute: number, more: object = {}) => ({
    taskArn: `arn:task/shop/${minute}`,
    taskDefinitionArn: revisionOf(7),
    lastStatus: 'STOPPED',
    stoppedReason,
    stoppedAt: new Date(Date.UTC(2026, 0, 1, 0, minute)),
    ...more,
  })
  const event = (message: string) => ({ message: `(service web) ${message}` })
  const service = (...events: object[]) => ({ services: [{ serviceName: 'shop-dev-thing', events }] })
  const logConfiguration = {
    logDriver: 'awslogs',
    options: { 'awslogs-group': '/ecs/web', 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'p' },
  }
  const definition = {
    taskDefinition: { taskDefinitionArn: revisionOf(7), containerDefinitions: [{ name: 'web', logConfiguration }] },
  }

  it('is told as a deploy tells it: what it means, what AWS says, the last lines, the fix', async () => {
    const account = cloud({
      ListTasks: { taskArns: ['a', 'b', 'c'] },
      DescribeTasks: {
        tasks: [
          stopped('Task failed ELB health checks', 1),
          stopped('Essential container in task exited', 3, {
            containers: [{ name: 'web', exitCode: 1 }, { name: 'side' }],
          }),
          stopped('Task failed ELB health checks', 2),
          stopped('Scaling activity initiated by (deployment ecs-svc/1)', 4),
          stopped('CannotPullContainerError: not found', 0),
          stopped('older', 0),
        ],
      },
      DescribeServices: service(
        event('has started 1 tasks: (task 0123).'),
        event('was unable to place a task.'),
        event('was unable to place a task.'),
        event('has reached a steady state.'),
      ),
      DescribeTaskDefinition: definition,
      GetLogEvents: { events: [{ message: "ModuleNotFoundError: No module named 'gunicorn'" }] },
    })
    expect(await Service.stuck?.(aws, attrs)).toEqual({
      reasons: [
        "the image lacks a part: ModuleNotFoundError: No module named 'gunicorn'",
        'a task stopped: Essential container in task exited; web: exit code 1',
        'a task stopped: Task failed ELB health checks',
        'a task stopped: CannotPullContainerError: not found',
        'was unable to place a task',
      ],
      details: ['its last lines (/ecs/web p/web/3):', "  ModuleNotFoundError: No module named 'gunicorn'"],
      fix: 'Build it anew with all that it needs, then: infra deploy --image <tag>',
    })
    const named = [...Service.facts.iam.observe, ...Service.facts.iam.create]
    expect(named).toEqual(expect.arrayContaining([...account.actions]))
  })

  it('names the secret that is wrong', async () => {
    const valueFrom = 'arn:aws:secretsmanager:us-east-1:1:secret:x-AbCdEf:k::'
    cloud({
      ListTasks: { taskArns: ['a'] },
      DescribeTasks: {
        tasks: [stopped('ResourceInitializationError: unable to retrieve secret from asm: did not contain json key k', 1)],
      },
      DescribeServices: service(),
      DescribeTaskDefinition: {
        taskDefinition: {
          ...definition.taskDefinition,
          containerDefinitions: [{ name: 'web', secrets: [{ name: 'K', valueFrom }] }],
        },
      },
      DescribeSecret: { ARN: valueFrom.split(':k::')[0], Name: 'x' },
      GetSecretValue: { SecretString: '{"other":"hunter2"}' },
    })
    const told = await Service.stuck?.(aws, attrs)
    expect(told).toMatchObject({
      reasons: [expect.stringContaining('the secret has no key k'), expect.stringContaining('a task stopped: ')],
      details: ['secret K: The secret x has no key k: it has other', expect.stringContaining('no lines of it')],
    })
    expect(JSON.stringify(told)).not.toContain('hunter2')
  })

  it('is told as far as it may be asked', async () => {
    const denied = awsError('AccessDeniedException')
    const unplaced = { reasons: ['AWS has no room for it now', 'was unable to place a task. Reason: RESOURCE:ENI'], details: [] }
    cloud({
      ListTasks: denied,
      DescribeServices: service(event('was unable to place a task. Reason: RESOURCE:ENI.')),
      DescribeTaskDefinition: denied,
    })
    expect(await Service.stuck?.(aws, attrs)).toMatchObject(unplaced)
    cloud({
      ListTasks: { taskArns: ['a'] },
      DescribeTasks: {
        tasks: [stopped('Essential container in task exited', 1, { containers: [{ name: 'web', exitCode: 1 }] })],
      },
      DescribeServices: denied,
      DescribeTaskDefinition: definition,
      GetLogEvents: denied,
    })
    expect(await Service.stuck?.(aws, attrs)).toMatchObject({
      reasons: ['its command ended with 1', 'a task stopped: Essential container in task exited; web: exit code 1'],
      details: [expect.stringContaining('logs:GetLogEvents')],
    })
    cloud({ ListTasks: { taskArns: [] }, DescribeServices: { services: [] }, DescribeTaskDefinition: denied })
    expect(await Service.stuck?.(aws, attrs)).toEqual({ reasons: [], details: [], fix: undefined })
  })
})
