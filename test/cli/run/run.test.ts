import * as ECS from '@aws-sdk/client-ecs'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { KEYS, terminal } from '../support/terminal.ts'
import { events, started, type Yard, yard } from './place.ts'

const url = inject('motoUrl')
const FOREIGN = ['--cluster', 'shop-dev-cluster', '--service', 'shop-dev-web'] as const

describe.skipIf(!url)('infra run', () => {
  let y: Yard
  beforeAll(async () => {
    y = await yard(url ?? '')
    y.proxy.rules = [
      { match: /^ecs\.RunTask$/, body: /shop-dev-lost/, lose: true, times: 2 },
      {
        match: /^logs\.GetLogEvents$/,
        body: /shop-dev-shut/,
        replace: [/fatal: [^"]*/, 'FATAL: password authentication failed for user'],
      },
    ]
  })
  afterAll(() => y?.close())
  const stopOne = async (task: string): Promise<void> => {
    await y.ecs.send(new ECS.StopTaskCommand({ cluster: 'shop-dev-cluster', task }))
  }

  describe.concurrent('a task that runs', () => {
    it('beside a service: its network, launch type and secrets; what it writes on stdout, the rest on stderr', async () => {
      const ran = await y.p.run('run', '--yes', '--set-env', 'MODE=once', '--', 'python', 'manage.py', 'check', '--deploy')
      expect(ran.code, ran.all).toBe(0)
      expect(ran.stdout).toBe(
        'the sandbox runs no containers; this one was asked to run: ["python", "manage.py", "check", "--deploy"]\ndone\n',
      )
      expect(ran.stderr).toContain('command    python manage.py check --deploy')
      expect(ran.stderr).toContain('variables  MODE=once')
      expect(ran.stderr).toContain('0.25 vCPU, 0.5 GB, on FARGATE: about $0.017 an hour while it runs')
      expect(ran.stderr).toMatch(/✓ web ended with 0 after/)
      const { services } = await y.ecs.send(
        new ECS.DescribeServicesCommand({ cluster: 'shop-dev-cluster', services: ['shop-dev-web'] }),
      )
      const [asked, ...more] = started(y, '--deploy')
      expect(more).toEqual([])
      expect(asked).toMatchObject({
        cluster: 'shop-dev-cluster',
        taskDefinition: services?.[0]?.taskDefinition,
        launchType: 'FARGATE',
        networkConfiguration: services?.[0]?.networkConfiguration,
        overrides: {
          containerOverrides: [
            {
              name: 'web',
              command: ['python', 'manage.py', 'check', '--deploy'],
              environment: [{ name: 'MODE', value: 'once' }],
            },
          ],
        },
      })
      expect(asked?.startedBy).toMatch(/^infra-run\/shop-dev-web\//)
      expect(asked?.tags).toEqual(
        expect.arrayContaining([
          { key: 'infra:stack', value: 'shop/dev' },
          { key: 'team', value: 'blue' },
        ]),
      )
    })

    it('of the config, with its own command and the network of the stack; its exit code is passed on', async () => {
      const ran = await y.p.run('run', 'migrate', '--yes', '--json')
      expect(ran.code, ran.all).toBe(1)
      const all = events(ran.stdout)
      expect(all[0]).toMatchObject({
        type: 'plan',
        key: 'migrate',
        command: ['python', 'manage.py', 'migrate'],
        publicAddress: true,
        hourlyUsd: 0.0173,
      })
      expect(all.filter((e) => e.type === 'log').map((e) => e.message)).toEqual([
        'starting',
        'fatal: the tag of this image begins with crash, so it ends with exit code 1',
      ])
      expect(all.at(-1)).toMatchObject({
        type: 'result',
        outcome: 'ended',
        exitCode: 1,
        task: all.find((e) => e.type === 'task')?.task,
      })
      const [asked] = started(y, 'shop-dev-migrate')
      const { resources } = await y.p.state('dev.json')
      expect(asked?.networkConfiguration).toEqual({
        awsvpcConfiguration: {
          subnets: ['public-subnet-1', 'public-subnet-2'].map((k) => resources[k]?.attrs?.id),
          securityGroups: [resources['backend-security-group']?.attrs?.id],
          assignPublicIp: 'ENABLED',
        },
      })
      expect(asked).not.toHaveProperty('overrides')
    })

    it('beside a service that infra did not make, without a config: no tag, nothing else is changed', async () => {
      const ran = await y.outside.run('run', ...FOREIGN, '--yes', '--', 'foreign', "it's")
      expect(ran.code, ran.all).toBe(0)
      expect(ran.stderr).toContain(`command  foreign 'it'\\''s'`)
      const [asked] = started(y, 'foreign')
      expect(asked).not.toHaveProperty('tags')
    })

    it('whose start has no answer is started once', async () => {
      const ran = await y.p.run('run', 'lost', '--yes', '--json', '--', 'unheard')
      expect(ran.code, ran.all).toBe(0)
      const tokens = started(y, 'unheard').map((s) => s.clientToken)
      expect(tokens.length).toBe(3)
      expect(new Set(tokens).size).toBe(1)
    })

    it('whose own lines say why it failed is explained', async () => {
      const ran = await y.p.run('run', 'shut', '--yes')
      expect(ran.code, ran.all).toBe(1)
      expect(ran.stderr).toMatch(/✗ shut ended with 1 after .*: the database does not take its password/)
      expect(ran.stderr).toMatch(/ {2}log: {2}infra logs shut --task [0-9a-f]{8} --since 1d/)
    })

    it('is not waited for with --no-wait', async () => {
      const ran = await y.p.run('run', 'patient', '--yes', '--no-wait', '--', 'left alone')
      expect(ran.code, ran.all).toBe(0)
      expect(ran.stdout).toMatch(/^[0-9a-f]{32}\n$/)
      const id = ran.stdout.trim()
      expect(ran.stderr).toContain(`infra logs patient --task ${id.slice(0, 8)} -f`)
      expect(ran.stderr).toContain(`aws ecs stop-task --cluster shop-dev-cluster --task ${id} --region us-east-1`)
      await stopOne(id)
    })

    it('asks a person, who may say no', async () => {
      const t = terminal(y.p, ['run', 'patient', '--', 'asked'])
      await t.answer('Run it?', `n${KEYS.enter}`)
      expect(await t.done).toBe(0)
      expect(t.screen()).toContain('Nothing was changed.')
      expect(started(y, 'asked')).toEqual([])
    })
  })

  it('Ctrl-C stops the task and waits for its end', async () => {
    const run = y.p.start('run', 'patient', '--yes', '--', 'interrupted')
    await run.printed('RUNNING')
    run.kill('SIGINT')
    const ran = await run.done
    expect(ran.code, ran.all).toBe(130)
    expect(ran.stderr).toContain('The task is told to stop')
    expect(ran.stderr).toMatch(/Stopped after .*; patient ended with 143\./)
    const stops = y.proxy.log.filter((c) => c.op === 'ecs.StopTask')
    expect(stops).toHaveLength(1)
    expect(stops[0]?.body).toContain('infra run: Ctrl-C by')
  })

  it('a second Ctrl-C leaves at once, and says how to stop it', async () => {
    y.proxy.rules = [{ match: /^ecs\.StopTask$/, delay: 60_000, times: 1 }]
    const run = y.p.start('run', 'patient', '--yes', '--', 'twice')
    await run.printed('RUNNING')
    run.kill('SIGINT')
    await run.printed('told to stop')
    run.kill('SIGINT')
    const ran = await run.done
    y.proxy.rules = []
    expect(ran.code, ran.all).toBe(130)
    const id = /Task (\w{32})/.exec(ran.stderr)?.[1] ?? ''
    expect(ran.stderr).toContain(
      `Left: it may still run. To stop it: aws ecs stop-task --cluster shop-dev-cluster --task ${id} --region us-east-1`,
    )
    await stopOne(id)
  })

  it.each([
    ['before its answer', true],
    ['while it followed', false],
  ])('a run that was killed %s is gone on with by the same command: no second task', async (word, early) => {
    const command = ['run', 'patient', '--yes', '--', 'killed', word]
    const run = y.p.start(...command)
    if (early)
      y.proxy.after = (call) => {
        if (call.op !== 'ecs.RunTask') return undefined
        run.kill('SIGKILL')
        return 'drop'
      }
    else {
      await run.printed('RUNNING')
      run.kill('SIGKILL')
    }
    await run.done
    y.proxy.after = undefined
    const again = y.p.start(...command)
    await again.printed(/It runs already: the task \w{32}, .*No second one is started/)
    await again.printed('RUNNING')

    // Other variables: it is another run, and two at a time are refused unless they are forced.
    const other = await y.p.run('run', 'patient', '--yes', '--set-env', 'SECRET_KEY=hidden', '--', 'killed', word)
    expect(other.code, other.all).toBe(2)
    expect(other.stderr).toContain('The same command runs already, with other variables: the task')
    const forced = await y.p.run(
      'run',
      'patient',
      '--yes',
      '--force',
      '--no-wait',
      '--set-env',
      'SECRET_KEY=hidden',
      '--',
      'killed',
      word,
    )
    expect(forced.code, forced.all).toBe(0)
    expect(forced.all).not.toContain('hidden')
    await stopOne(forced.stdout.trim())

    again.kill('SIGINT')
    expect((await again.done).code).toBe(130)
    expect(started(y, word)).toHaveLength(2)
    const left = await y.ecs.send(new ECS.ListTasksCommand({ cluster: 'shop-dev-cluster', family: 'shop-dev-patient' }))
    expect(left.taskArns).toEqual([])
  })

  it('a person is asked whether to follow what runs already', async () => {
    const first = await y.p.run('run', 'patient', '--yes', '--no-wait', '--', 'watched')
    const t = terminal(y.p, ['run', 'patient', '--', 'watched'])
    await t.answer('Follow it to its end?', `n${KEYS.enter}`)
    expect(await t.done).toBe(0)
    expect(t.screen()).toContain('To start another one beside it: infra run patient --force -- watched')
    await stopOne(first.stdout.trim())
    expect(started(y, 'watched')).toHaveLength(1)
  })

  it.each([
    [
      'no yes in a script',
      ['run', 'web', '--', 'x'],
      'This would run a task, which may change data, and nobody can be asked here',
    ],
    [
      'a key that is not there',
      ['run', 'wob', '--yes', '--', 'x'],
      'There is no service or task wob in infra.yaml: did you mean web?',
    ],
    ['a command without --', ['run', 'python', 'manage.py', '--yes'], 'infra run -- python'],
    ['two commands', ['run', 'web', 'a', '--yes', '--', 'b'], 'There is a command before -- and one behind it: a and b'],
    [
      'a variable that is a secret',
      ['run', 'web', '--yes', '--set-env', 'DB_USER=x', '--', 'x'],
      'DB_USER is a secret of the task definition',
    ],
    [
      'a variable without a value',
      ['run', 'web', '--yes', '--set-env', 'DB_USER', '--', 'x'],
      '--set-env needs a name and a value',
    ],
    [
      'a container that is not there',
      ['run', 'web', '--yes', '--container', 'api', '--', 'x'],
      'has no container api: it has web',
    ],
    ['more than ECS takes', ['run', 'web', '--yes', '--', 'x'.repeat(9000)], 'ECS takes 8192 characters'],
  ])('refuses %s, and starts nothing', async (_, args, words) => {
    y.proxy.clear()
    const ran = await y.p.run(...args)
    expect(ran.code, ran.all).toBe(2)
    expect(ran.stderr).toContain(words)
    expect(y.proxy.changing()).toEqual([])
  })

  it.each([
    [
      'a failure in the answer',
      { replace: [/^[\s\S]*$/, '{"tasks":[],"failures":[{"reason":"RESOURCE:ENI"}]}'] as const },
      'There is no network interface left for the task: RESOURCE:ENI',
    ],
    [
      'no right to',
      { error: 'AccessDeniedException', message: 'User: me is not authorized to perform: ecs:RunTask' },
      'me may not do ecs:RunTask',
    ],
  ])('explains %s', async (_, fault, words) => {
    y.proxy.rules = [{ match: /^ecs\.RunTask$/, ...fault }]
    const ran = await y.p.run('run', 'web', '--yes', '--', 'refused')
    y.proxy.rules = []
    expect(ran.code, ran.all).toBe(1)
    expect(ran.stderr).toContain(words)
  })

  it('goes on where it may not look whether one runs already', async () => {
    y.proxy.rules = [{ match: /^ecs\.ListTasks$/, error: 'AccessDeniedException' }]
    const ran = await y.p.run('run', 'patient', '--yes', '--no-wait', '--', 'blind')
    y.proxy.rules = []
    expect(ran.code, ran.all).toBe(0)
    expect(ran.stderr).toContain('Whether it runs already was not looked at')
    await stopOne(ran.stdout.trim())
  })

  it('a task that did not start has no exit code: the reason is told, and the log group is named', async () => {
    y.proxy.edit = (call, text) =>
      call.op === 'ecs.DescribeTasks'
        ? text
            .replace(/"lastStatus": ?"\w+"/g, '"lastStatus":"STOPPED"')
            .replace(/"exitCode": ?\d+,?/g, '')
            .replace(
              /"stoppedReason": ?"[^"]*"/,
              '"stoppedReason":"CannotPullContainerError: pull image manifest: nginx:9.99: not found"',
            )
        : text
    const ran = await y.p.run('run', 'migrate', '--yes', '--json', '--', 'unborn')
    y.proxy.edit = undefined
    expect(ran.code, ran.all).toBe(1)
    const all = events(ran.stdout)
    expect(all.find((e) => e.type === 'task.failed')).toMatchObject({
      stoppedReason: expect.stringContaining('CannotPull'),
      meaning: expect.any(String),
    })
    expect(all.at(-1)).toMatchObject({
      type: 'result',
      outcome: 'failed',
      exitCode: null,
      meaning: expect.any(String),
      next: expect.any(String),
    })
  })
})
