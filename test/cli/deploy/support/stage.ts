import { randomUUID } from 'node:crypto'
import type { Call, FaultProxy } from '../../../support/proxy.ts'

/** One task of a rollout, as the stage plays it. */
export interface Actor {
  readonly arn: string
  readonly deployment: string
  readonly revision: string
  readonly address: string
  readonly born: number
  lastStatus: string
  stopCode?: string
  stoppedReason?: string
  exitCode?: number
  reason?: string
  target?: { state: string; reason?: string; description?: string }
}

export interface Deployment {
  readonly id: string
  readonly taskDefinition: string
  readonly createdAt: number
  status: 'PRIMARY' | 'ACTIVE'
  rolloutState: string
  rolloutStateReason: string
  failedTasks: number
  /** Looks at the service since it began. */
  looks: number
}

/** Plays one look at a rollout. */
export type Script = (stage: Stage, own: Deployment) => void

type Json = Record<string, unknown>

/**
 * Stands between the command and a local AWS that has no rollouts: what a service does after it was told, its tasks, its targets,
 * its events. What the local AWS drops of a service's settings is kept here.
 */
export class Stage {
  /** For the next rollout. */
  script: Script = healthy()
  readonly deployments: Deployment[] = []
  /** All that there ever were, as AWS keeps them. */
  readonly history: Deployment[] = []
  readonly tasks: Actor[] = []
  readonly events: { id: string; createdAt: number; message: string }[] = []
  /** Every revision that the service was told to run, with what else was said. */
  readonly told: Json[] = []
  settings: Json = {}
  desired = 1
  #name = ''
  #cluster = ''
  #second = 1_800_000_000
  #playing: Script = healthy()

  constructor(proxy: FaultProxy) {
    proxy.edit = (call, text) => this.#edit(call, text)
  }

  get primary(): Deployment | undefined {
    return this.deployments.find((d) => d.status === 'PRIMARY')
  }
  of(d: Deployment): Actor[] {
    return this.tasks.filter((t) => t.deployment === d.id)
  }
  running(d: Deployment): Actor[] {
    return this.of(d).filter((t) => t.lastStatus === 'RUNNING')
  }
  now(): number {
    return this.#second++
  }
  say(message: string): void {
    this.events.unshift({ id: randomUUID(), createdAt: this.now(), message: `(service ${this.#name}) ${message}` })
  }
  start(d: Deployment): Actor {
    const id = randomUUID().replaceAll('-', '')
    const task: Actor = {
      arn: `arn:aws:ecs:us-east-1:111122223333:task/${this.#cluster}/${id}`,
      deployment: d.id,
      revision: d.taskDefinition,
      address: `10.0.0.${this.tasks.length + 10}`,
      born: this.now(),
      lastStatus: 'PENDING',
    }
    this.tasks.push(task)
    this.say(`has started 1 tasks: (task ${id}).`)
    return task
  }
  /** The others are stopped, and this one is all there is. */
  complete(d: Deployment): void {
    for (const other of this.deployments.filter((o) => o !== d))
      for (const t of this.running(other))
        Object.assign(t, {
          lastStatus: 'STOPPED',
          stopCode: 'ServiceSchedulerInitiated',
          stoppedReason: `Scaling activity initiated by (deployment ${d.id})`,
        })
    this.deployments.splice(0, this.deployments.length, d)
    d.rolloutState = 'COMPLETED'
    d.rolloutStateReason = `ECS deployment ${d.id} completed.`
    this.say(`(deployment ${d.id}) deployment completed.`)
    this.say('has reached a steady state.')
  }
  begin(taskDefinition: string, script: Script): Deployment {
    const id = `ecs-svc/${String(Math.random()).slice(2)}`
    for (const d of this.deployments) d.status = 'ACTIVE'
    const made: Deployment = {
      id,
      taskDefinition,
      createdAt: this.now(),
      status: 'PRIMARY',
      rolloutState: 'IN_PROGRESS',
      rolloutStateReason: `ECS deployment ${id} in progress.`,
      failedTasks: 0,
      looks: 0,
    }
    this.deployments.unshift(made)
    this.history.push(made)
    this.#playing = script
    return made
  }

  #edit(call: Call, text: string): string {
    const service = (): Json => ({ ...(JSON.parse(text) as { service: Json }).service, ...this.#shown() })
    const asked = (): Json => JSON.parse(call.body) as Json
    switch (call.op) {
      case 'ecs.CreateService': {
        if (!text.includes('"serviceArn"')) return text
        const {
          serviceName,
          cluster,
          taskDefinition,
          desiredCount,
          tags: _t,
          clientToken: _c,
          loadBalancers,
          ...settings
        } = asked()
        this.#name = String(serviceName)
        this.#cluster = String(cluster).split('/').at(-1) ?? ''
        this.desired = Number(desiredCount ?? 1)
        this.settings = { ...settings, ...(loadBalancers ? { loadBalancers } : {}) }
        const d = this.begin(this.#whole(text, String(taskDefinition)), () => undefined)
        for (let i = 0; i < this.desired; i++) this.start(d).lastStatus = 'RUNNING'
        this.complete(d)
        return JSON.stringify({ service: service() })
      }
      case 'ecs.UpdateService': {
        if (!text.includes('"serviceArn"')) return text
        const said = asked()
        this.told.push(said)
        const to = said.taskDefinition === undefined ? undefined : this.#whole(text, String(said.taskDefinition))
        if (to !== undefined && (to !== this.primary?.taskDefinition || said.forceNewDeployment === true))
          this.begin(to, this.script)
        return JSON.stringify({ service: service() })
      }
      case 'ecs.DescribeServices': {
        const answer = JSON.parse(text) as { services?: Json[]; failures?: Json[] }
        if (!answer.services?.length) return text
        const own = this.primary
        if (own && own.rolloutState === 'IN_PROGRESS') {
          own.looks++
          this.#playing(this, own)
        }
        return JSON.stringify({ ...answer, services: answer.services.map((s) => ({ ...s, ...this.#shown() })) })
      }
      case 'ecs.ListTasks': {
        const stopped = asked().desiredStatus === 'STOPPED'
        const taskArns = this.tasks.filter((t) => (t.lastStatus === 'STOPPED') === stopped).map((t) => t.arn)
        return JSON.stringify({ taskArns })
      }
      case 'ecs.DescribeTasks': {
        const arns = asked().tasks as string[]
        return JSON.stringify({ tasks: this.tasks.filter((t) => arns.includes(t.arn)).map(shownTask), failures: [] })
      }
      case 'ecs.ListServiceDeployments': {
        const ended = this.history.filter((d) => d.rolloutState === 'COMPLETED' && !/rolling back/.test(d.rolloutStateReason))
        const shown = (d: Deployment): Json => ({
          status: 'SUCCESSFUL',
          createdAt: d.createdAt,
          targetServiceRevisionArn: `arn:aws:ecs:us-east-1:1:service-revision/${this.#cluster}/${this.#name}/${this.history.indexOf(d)}`,
        })
        return text.includes('"serviceDeployments"') ? JSON.stringify({ serviceDeployments: ended.map(shown).reverse() }) : text
      }
      case 'ecs.DescribeServiceRevisions': {
        const arns = asked().serviceRevisionArns as string[]
        const of = (arn: string): string => this.history[Number(arn.split('/').at(-1))]?.taskDefinition ?? ''
        return JSON.stringify({
          serviceRevisions: arns.map((a) => ({ serviceRevisionArn: a, taskDefinition: of(a) })),
          failures: [],
        })
      }
      case 'elasticloadbalancing.DescribeTargetHealth':
        return targetsXml(this.tasks.filter((t) => t.target && t.lastStatus !== 'STOPPED'))
      default:
        return text
    }
  }

  /** The local AWS answers with the whole ARN where it is told a family. */
  #whole(text: string, given: string): string {
    return given.startsWith('arn:') ? given : String((JSON.parse(text) as { service: Json }).service.taskDefinition)
  }
  #shown(): Json {
    const running = this.tasks.filter((t) => t.lastStatus === 'RUNNING').length
    return {
      ...this.settings,
      desiredCount: this.desired,
      runningCount: running,
      pendingCount: this.tasks.filter((t) => t.lastStatus === 'PENDING').length,
      taskDefinition: this.primary?.taskDefinition,
      events: this.events.slice(0, 100),
      deployments: this.deployments.map(({ looks: _, ...d }) => ({
        ...d,
        updatedAt: d.createdAt,
        desiredCount: d.status === 'PRIMARY' ? this.desired : 0,
        runningCount: this.running(d as Deployment).length,
        pendingCount: this.of(d as Deployment).filter((t) => t.lastStatus === 'PENDING').length,
      })),
    }
  }
}

const shownTask = (t: Actor): Json => ({
  taskArn: t.arn,
  taskDefinitionArn: t.revision,
  startedBy: t.deployment,
  lastStatus: t.lastStatus,
  desiredStatus: t.lastStatus === 'STOPPED' ? 'STOPPED' : 'RUNNING',
  createdAt: t.born,
  ...(t.lastStatus === 'PENDING' || t.stopCode === 'TaskFailedToStart' ? {} : { startedAt: t.born + 1 }),
  ...(t.lastStatus === 'STOPPED' ? { stoppedAt: t.born + 2, stopCode: t.stopCode, stoppedReason: t.stoppedReason } : {}),
  attachments: [
    { type: 'ElasticNetworkInterface', status: 'ATTACHED', details: [{ name: 'privateIPv4Address', value: t.address }] },
  ],
  containers: [
    {
      name: 'web',
      lastStatus: t.lastStatus,
      ...(t.exitCode === undefined ? {} : { exitCode: t.exitCode }),
      ...(t.reason ? { reason: t.reason } : {}),
    },
  ],
})

const targetsXml = (tasks: readonly Actor[]): string => {
  const members = tasks.map(({ address, target }) => {
    const more = [
      target?.reason && `<Reason>${target.reason}</Reason>`,
      target?.description && `<Description>${target.description}</Description>`,
    ]
      .filter(Boolean)
      .join('')
    return `<member><Target><Id>${address}</Id><Port>8000</Port></Target><TargetHealth><State>${target?.state}</State>${more}</TargetHealth></member>`
  })
  return `<DescribeTargetHealthResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><DescribeTargetHealthResult><TargetHealthDescriptions>${members.join('')}</TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>`
}

/** Started, running after some looks, done with the next. */
export const healthy =
  (after = 1): Script =>
  (stage, own) => {
    while (stage.of(own).length < stage.desired) stage.start(own)
    if (own.looks >= after)
      for (const t of stage.of(own)) Object.assign(t, { lastStatus: 'RUNNING', target: { state: 'healthy' } })
    if (own.looks > after) stage.complete(own)
  }

/** Its first task ends like this. */
export const failing =
  (end: Partial<Actor>, event?: string): Script =>
  (stage, own) => {
    const task = stage.of(own)[0] ?? stage.start(own)
    if (own.looks < 2) return
    Object.assign(task, { lastStatus: 'STOPPED', ...end })
    own.failedTasks = 1
    if (event && own.looks === 2) stage.say(event.replace('TASK', task.arn.split('/').at(-1) ?? ''))
  }

/** Its first task ends like this, and ECS gives it up without going back. */
export const givenUp =
  (end: Partial<Actor>): Script =>
  (stage, own) => {
    failing({ stopCode: 'EssentialContainerExited', stoppedReason: 'Essential container in task exited', ...end })(stage, own)
    if (own.looks < 3) return
    own.rolloutState = 'FAILED'
    own.rolloutStateReason = 'ECS deployment circuit breaker: tasks failed to start.'
  }

/** It runs, but the load balancer gets a wrong answer; then ECS gives it up and brings the one before back. */
export const unhealthyThenBack =
  (after: Script = healthy()): Script =>
  (stage, own) => {
    const task = stage.of(own)[0] ?? stage.start(own)
    Object.assign(task, { lastStatus: 'RUNNING', target: { state: 'initial', reason: 'Elb.InitialHealthChecking' } })
    if (own.looks >= 2)
      task.target = {
        state: 'unhealthy',
        reason: 'Target.ResponseCodeMismatch',
        description: 'Health checks failed with these codes: [404]',
      }
    if (own.looks < 3) return
    const good = stage.deployments.find((d) => d !== own)
    own.rolloutState = 'FAILED'
    own.rolloutStateReason = 'ECS deployment circuit breaker: tasks failed to start.'
    Object.assign(task, {
      lastStatus: 'STOPPED',
      stopCode: 'ServiceSchedulerInitiated',
      stoppedReason:
        'Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/web/1)',
      exitCode: 137,
    })
    stage.say(`(deployment ${own.id}) deployment failed: tasks failed to start.`)
    stage.say(`rolling back to deployment ${good?.id}.`)
    const back = stage.begin(good?.taskDefinition ?? '', after)
    back.rolloutStateReason = `ECS deployment circuit breaker: rolling back to deploymentId ${good?.id}.`
  }

/** It starts and starts. */
export const pending: Script = (stage, own) => {
  if (stage.of(own).length === 0) stage.start(own)
}
