import { describe, expect, it } from 'vitest'
import type { Task } from '../../src/aws/services/ecs-types.ts'
import { InfraError } from '../../src/core/errors.ts'
import { commandText, findRoom } from '../../src/ecs/exec.ts'
import { definition, found, line, running } from '../cli/exec/stage.ts'
import { account, arnOf } from './support.ts'

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
    const old = {
      ...definition,
      family: 'web',
      revision: 6,
      taskDefinitionArn: arnOf('web:6'),
      containerDefinitions: [{ name: 'api', image: 'x' }],
    }
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
