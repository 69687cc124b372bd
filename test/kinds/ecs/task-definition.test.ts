import { ClientException } from '@aws-sdk/client-ecs'
import { describe, expect, it } from 'vitest'
import { KEY_TAG, STACK_TAG } from '../../../src/aws/tags.ts'
import type { Container } from '../../../src/kinds/ecs/container.ts'
import { TaskDefinition } from '../../../src/kinds/ecs/task-definition.ts'
import { revision, tagsAs, task } from '../fixtures/ecs.ts'
import { aws, cloud, type Input, stamp } from '../support/cloud.ts'

const arnOf = (n: number): string => `arn:aws:ecs:us-east-1:111122223333:task-definition/shop-dev-thing:${n}`
const attrs = { id: 'shop-dev-thing:7', arn: arnOf(7) }
const look = (
  part: object,
  want: Parameters<typeof TaskDefinition.observe>[2] = task,
  last: Partial<typeof attrs> | undefined = attrs,
) => {
  const account = cloud({ DescribeTaskDefinition: { taskDefinition: { ...revision, ...part }, tags: tagsAs(stamp.tags) } })
  return TaskDefinition.observe(aws, stamp, want, last).then((seen) => ({ seen, account }))
}
const [web] = task.containers
if (!web) throw new Error('the fixture has a container')
/** The containers as they are seen, when these are wanted and that is there. */
const seenOf = async (want: readonly Container[], is: object): Promise<unknown> => {
  const [shown] = revision.containerDefinitions
  const { seen } = await look({ containerDefinitions: [{ ...shown, ...is }] }, { ...task, containers: want })
  return seen.is === 'absent' ? undefined : seen.props?.containers
}

describe('observe', () => {
  it.each([
    ['the recorded revision', attrs],
    ['its ARN', { id: arnOf(3) }],
    ['nothing', undefined],
  ])('asks for the newest of the family, knowing %s', async (_, last) => {
    const { account } = await look({}, task, last)
    expect(account.sent).toEqual([['DescribeTaskDefinition', { taskDefinition: 'shop-dev-thing', include: ['TAGS'] }]])
  })

  it('a newer revision is the one that counts from then on', async () => {
    expect((await look({ revision: 8, taskDefinitionArn: arnOf(8) })).seen).toMatchObject({
      is: 'ready',
      attrs: { id: 'shop-dev-thing:8', arn: arnOf(8) },
      note: 'revision 8',
    })
  })

  describe('of the recorded revision and a newer one', () => {
    /** The newest is 8, what is recorded is 7; each of another size. */
    const both = async (newest: number, own: object, cpu: number) => {
      const size = (n: number, is: number) => ({ ...revision, revision: n, taskDefinitionArn: arnOf(n), cpu: String(is) })
      cloud({
        DescribeTaskDefinition: ({ taskDefinition }: Input) => ({
          taskDefinition: taskDefinition === 'shop-dev-thing' ? size(8, newest) : { ...size(7, 256), ...own },
          tags: tagsAs(stamp.tags),
        }),
      })
      const seen = await TaskDefinition.observe(aws, stamp, { ...task, cpu }, attrs)
      return seen.is === 'absent' ? undefined : [seen.attrs.id, seen.props?.cpu]
    }
    it.each<[string, number, object, number, unknown]>([
      ['the newer one is wanted: a killed run has registered it', 512, {}, 512, ['shop-dev-thing:8', 512]],
      ['the recorded one is wanted: the newer was rolled back from', 512, {}, 256, ['shop-dev-thing:7', 256]],
      ['neither: what runs is compared', 512, {}, 1024, ['shop-dev-thing:7', 256]],
      ['the recorded one is gone', 512, { status: 'INACTIVE' }, 1024, ['shop-dev-thing:8', 512]],
    ])('%s', async (_, newest, own, want, which) => {
      expect(await both(newest, own, want)).toEqual(which)
    })
  })

  it('only what differs is told in the words of AWS', async () => {
    const want = { ...web, portMappings: [{ containerPort: 8000 }] }
    const [alike] = (await seenOf([want], { image: 'other:1' })) as Container[]
    expect(alike).toMatchObject({ image: 'other:1', portMappings: [{ containerPort: 8000 }], environment: want.environment })
    expect(Object.keys(alike ?? {}).filter((k) => !(k in want))).toEqual([])
    const [other] = (await seenOf([{ ...want, portMappings: [{ containerPort: 9000 }] }], {})) as Container[]
    expect(other?.portMappings).toEqual([{ containerPort: 8000, protocol: 'tcp' }])
  })

  it.each(['INACTIVE', 'DELETE_IN_PROGRESS'])('%s is absent', async (status) => {
    expect((await look({ status })).seen.is).toBe('absent')
  })

  it('another complaint of ECS is no answer about existence', async () => {
    cloud({ DescribeTaskDefinition: new ClientException({ message: 'Invalid identifier', $metadata: {} }) })
    await expect(TaskDefinition.observe(aws, stamp, task, attrs)).rejects.toThrow('Invalid identifier')
  })

  it('a role that is not there is a difference, not something unknown', async () => {
    const { seen } = await look({ taskRoleArn: undefined, runtimePlatform: undefined })
    expect(seen).toMatchObject({ props: { taskRoleArn: '', cpuArchitecture: 'X86_64' } })
  })
})

describe('containers', () => {
  it('are as wanted when only words differ: defaults written out, variables and ports in another order', async () => {
    const { healthCheck: _h, command: _c, portMappings: _p, ...least } = web
    expect(await seenOf([least], { command: undefined, portMappings: [], healthCheck: undefined })).toEqual([least])
    const ports = { portMappings: [{ containerPort: 8000 }, { containerPort: 53, protocol: 'udp' as const }] }
    const shown = {
      portMappings: [
        { containerPort: 53, hostPort: 53, protocol: 'udp' },
        { containerPort: 8000, hostPort: 8000, protocol: 'tcp' },
      ],
    }
    expect(await seenOf([{ ...web, ...ports }], shown)).toEqual([{ ...web, ...ports }])
    expect(await seenOf([{ ...web, streamPrefix: 'web' }], {})).toEqual([{ ...web, streamPrefix: 'web' }])
  })

  it.each<[string, object]>([
    ['image', { image: 'shop:2' }],
    ['essential', { essential: false }],
    ['command', { command: ['gunicorn'] }],
    ['a variable', { environment: [{ name: 'DEBUG', value: '1' }] }],
    ['a secret', { secrets: [] }],
    ['port', { portMappings: [{ containerPort: 80, protocol: 'tcp' }] }],
    ['protocol', { portMappings: [{ containerPort: 8000, protocol: 'udp' }] }],
    ['logs', { logConfiguration: undefined }],
    ['health', { healthCheck: undefined }],
    ['patience', { healthCheck: { command: ['CMD-SHELL', 'curl -f http://localhost'], retries: 5, startPeriod: 60 } }],
  ])('%s that differs is seen', async (_, is) => {
    expect(await seenOf([web], is)).not.toEqual([web])
  })

  it.each([
    ['awslogs-group', '/ecs/other'],
    ['awslogs-region', 'eu-west-1'],
    ['awslogs-stream-prefix', 'other'],
  ])('%s of the logs that differs is seen', async (option, value) => {
    const [shown] = revision.containerDefinitions
    const options = { ...shown?.logConfiguration.options, [option]: value }
    expect(await seenOf([web], { logConfiguration: { logDriver: 'awslogs', options } })).not.toEqual([web])
  })

  it.each([
    ['arn:aws:secretsmanager:us-east-1:1:secret:a/b-AbCdEf', { arn: 'arn:aws:secretsmanager:us-east-1:1:secret:a/b-AbCdEf' }],
    [
      'arn:aws:secretsmanager:us-east-1:1:secret:a/b-AbCdEf:host::',
      { arn: 'arn:aws:secretsmanager:us-east-1:1:secret:a/b-AbCdEf', key: 'host' },
    ],
    [
      'arn:aws:secretsmanager:us-east-1:1:secret:a-AbCdEf:host:AWSPREVIOUS:',
      { arn: 'arn:aws:secretsmanager:us-east-1:1:secret:a-AbCdEf', key: 'host:AWSPREVIOUS' },
    ],
    ['arn:aws:ssm:us-east-1:1:parameter/shop/host', { arn: 'arn:aws:ssm:us-east-1:1:parameter/shop/host' }],
  ])('the secret %s', async (valueFrom, expected) => {
    const [seen] = (await seenOf([], { secrets: [{ name: 'HOST', valueFrom }] })) as Container[]
    expect(seen?.secrets).toEqual({ HOST: expected })
  })

  it('a whole secret is given by its ARN alone', async () => {
    const account = cloud({ RegisterTaskDefinition: { taskDefinition: revision } })
    await TaskDefinition.create(aws, { ...task, containers: [{ ...web, secrets: { ALL: { arn: 'arn:s' } } }] }, stamp)
    expect(JSON.stringify(account.writes)).toContain('"secrets":[{"name":"ALL","valueFrom":"arn:s"}]')
  })
})

describe('create', () => {
  it('leaves out what is not wanted, and answers the revision', async () => {
    const { taskRoleArn: _t, cpuArchitecture: _c, ...rest } = task
    const account = cloud({ RegisterTaskDefinition: { taskDefinition: revision } })
    expect(await TaskDefinition.create(aws, rest, stamp)).toEqual({ attrs, ready: true })
    for (const field of ['taskRoleArn', 'runtimePlatform']) expect(account.writes[0]?.[1]).not.toHaveProperty(field)
  })
})

describe('update', () => {
  it('is looked at again, so that the new revision is recorded', async () => {
    cloud({ DescribeTaskDefinition: { tags: [] }, RegisterTaskDefinition: {} })
    expect(await TaskDefinition.update?.(aws, attrs, task, ['cpu'])).toBe('pending')
  })

  it('goes on when the recorded revision is gone: the engine writes the tags then', async () => {
    const account = cloud({
      DescribeTaskDefinition: new ClientException({ message: 'Unable to describe task definition.', $metadata: {} }),
      RegisterTaskDefinition: {},
    })
    await TaskDefinition.update?.(aws, attrs, task, ['cpu'])
    expect(account.writes[0]?.[1]).not.toHaveProperty('tags')
  })
})

describe('delete', () => {
  const family = (revisions: readonly number[], ours: (n: number) => boolean, more: object = {}) =>
    cloud({
      ListTaskDefinitions: { taskDefinitionArns: revisions.map(arnOf) },
      ListTagsForResource: (input: Input) => ({
        tags: tagsAs(
          ours(Number(String(input.resourceArn).split(':').at(-1))) ? { [STACK_TAG]: 'shop/dev', [KEY_TAG]: 'k' } : { Name: 'x' },
        ),
      }),
      DeregisterTaskDefinition: {},
      DeleteTaskDefinitions: {},
      ...more,
    })

  it('takes all revisions of ours, ten at a time, on every page', async () => {
    const all = Array.from({ length: 12 }, (_, i) => i + 1)
    const account = family(all, () => true, {
      ListTaskDefinitions: (input: Input) =>
        input.nextToken
          ? { taskDefinitionArns: all.slice(7).map(arnOf) }
          : { taskDefinitionArns: all.slice(0, 7).map(arnOf), nextToken: 'n' },
    })
    expect(await TaskDefinition.delete(aws, attrs, {})).toBeUndefined()
    const deletes = account.writes.filter(([operation]) => operation === 'DeleteTaskDefinitions')
    expect(deletes.map(([, input]) => (input.taskDefinitions as string[]).length)).toEqual([10, 2])
    expect(account.writes.filter(([operation]) => operation === 'DeregisterTaskDefinition')).toHaveLength(12)
    expect(TaskDefinition.facts.iam.delete).toEqual(expect.arrayContaining([...account.actions]))
  })

  it('leaves what somebody else registered, and says so', async () => {
    const account = family([7, 8], (n) => n === 7)
    expect(await TaskDefinition.delete(aws, attrs, {})).toEqual({
      stays: 'task definitions shop-dev-thing:8 (registered by somebody else)',
    })
    expect(account.writes).toEqual([
      ['DeregisterTaskDefinition', { taskDefinition: arnOf(7) }],
      ['DeleteTaskDefinitions', { taskDefinitions: [arnOf(7)] }],
    ])
  })

  it('says which of them ECS did not delete', async () => {
    family([7], () => true, { DeleteTaskDefinitions: { failures: [{ arn: arnOf(7), reason: 'still ACTIVE' }] } })
    expect(await TaskDefinition.delete(aws, attrs, {})).toEqual({ stays: 'task definitions shop-dev-thing:7 (still ACTIVE)' })
  })

  it('touches no other family, whatever is listed', async () => {
    const account = family([], () => true, {
      ListTaskDefinitions: { taskDefinitionArns: [arnOf(1).replace(/:1$/, '-two:1')] },
    })
    expect(await TaskDefinition.delete(aws, attrs, {})).toBeUndefined()
    expect(account.writes).toEqual([])
  })
})
