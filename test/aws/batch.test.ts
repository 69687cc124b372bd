import { describe, expect, it, vi } from 'vitest'
import { batched } from '../../src/aws/batch.ts'
import { fakeAws } from '../support/models/fake.ts'

type Call = { readonly operation: string; readonly input: { cluster?: string; services?: string[] } }

/** ECS with these services, which says of all others that they are missing. */
const ecs = (there: readonly string[], fails?: Error) => {
  const calls: Call[] = []
  const send = async (operation: string, input: Call['input']): Promise<unknown> => {
    calls.push({ operation, input })
    if (fails) throw fails
    if ((input.services ?? []).length > 10) throw new Error('InvalidParameterException: Services cannot exceed 10')
    const asked = input.services ?? []
    const arn = (name: string) => `arn:aws:ecs:r:1:service/${input.cluster}/${name}`
    return {
      services: there
        .filter((n) => asked.includes(n) || asked.includes(arn(n)))
        .map((n) => ({ serviceName: n, serviceArn: arn(n) })),
      failures: asked.filter((n) => !there.some((t) => t === n || arn(t) === n)).map((n) => ({ arn: arn(n), reason: 'MISSING' })),
    }
  }
  const aws = batched(fakeAws({ ecs: send }))
  const look = (name: string, cluster = 'c') => aws.ecs('DescribeServices', { cluster, services: [name], include: ['TAGS'] })
  return { calls, look, aws }
}

describe('reads for several things in one call', () => {
  it('a hundred services are asked for with ten calls, and each gets its own answer', async () => {
    const names = Array.from({ length: 100 }, (_, i) => `web-${i}`)
    const { calls, look } = ecs(names.filter((_, i) => i % 3 > 0))
    const seen = await Promise.all(names.map((n) => look(n)))
    expect(calls.map((c) => c.input.services?.length)).toEqual(Array.from({ length: 10 }, () => 10))
    expect(calls[0]?.input).toMatchObject({ cluster: 'c', include: ['TAGS'] })
    for (const [i, answer] of seen.entries()) {
      expect(answer.services?.map((s) => s.serviceName)).toEqual(i % 3 > 0 ? [`web-${i}`] : [])
      expect(answer.failures?.map((f) => f.arn)).toEqual(i % 3 > 0 ? [] : [`arn:aws:ecs:r:1:service/c/web-${i}`])
    }
  })

  it('one that is asked for twice, and one by its ARN', async () => {
    const { calls, look } = ecs(['web'])
    const arn = 'arn:aws:ecs:r:1:service/c/web'
    const seen = await Promise.all([look('web'), look('web'), look(arn)])
    expect(seen.map((a) => a.services?.[0]?.serviceName)).toEqual(['web', 'web', 'web'])
    expect(calls.map((c) => c.input.services)).toEqual([['web', arn]])
  })

  it('never those of two clusters together, nor what is asked for later', async () => {
    const { calls, look } = ecs(['web'])
    await Promise.all([look('web', 'a'), look('web', 'b')])
    await look('web', 'a')
    expect(calls.map((c) => c.input.cluster)).toEqual(['a', 'b', 'a'])
  })

  it('an error is that of all who asked', async () => {
    const { look } = ecs([], new Error('ClusterNotFoundException'))
    const ended = await Promise.allSettled([look('a'), look('b')])
    expect(ended.map((e) => e.status === 'rejected' && String(e.reason))).toEqual(
      Array(2).fill('Error: ClusterNotFoundException'),
    )
  })

  it('what comes while one is under way goes together with the next, which shows what was done before it was asked', async () => {
    const flights: (() => void)[] = []
    const asked: unknown[] = []
    const aws = batched(
      fakeAws({
        ec2: async (_operation: string, input: { Filters: { Values: string[] }[] }) => {
          asked.push(input.Filters[0]?.Values)
          await new Promise<void>((resolve) => flights.push(resolve))
          return { Subnets: input.Filters[0]?.Values.map((SubnetId) => ({ SubnetId })) }
        },
      }),
    )
    const look = (id: string) => aws.ec2('DescribeSubnets', { Filters: [{ Name: 'subnet-id', Values: [id] }] })
    const first = look('a')
    await vi.waitFor(() => expect(asked).toEqual([['a']]))
    const more = [look('a'), look('b'), look('c')]
    flights.shift()?.()
    expect((await first).Subnets).toEqual([{ SubnetId: 'a' }])
    await vi.waitFor(() => expect(asked).toEqual([['a'], ['a', 'b', 'c']]))
    flights.shift()?.()
    expect((await Promise.all(more)).map((answer) => answer.Subnets)).toEqual(['a', 'b', 'c'].map((SubnetId) => [{ SubnetId }]))
  })

  it('a slow answer holds nobody up for long', async () => {
    let sent = 0
    const silent = batched(fakeAws({ ec2: () => (++sent === 1 ? new Promise(() => {}) : Promise.resolve({ Vpcs: [] })) }))
    const look = () => silent.ec2('DescribeVpcs', { Filters: [{ Name: 'vpc-id', Values: ['a'] }] })
    void look()
    await vi.waitFor(() => expect(sent).toBe(1))
    await expect(look()).resolves.toEqual({ Vpcs: [] })
  })

  it('equal reads that have not been sent yet are one; later ones are told anew', async () => {
    let roles = 0
    const aws = batched(fakeAws({ iam: async () => ({ Role: { RoleName: `role-${++roles}` } }) }))
    const look = () => aws.iam('GetRole', { RoleName: 'web' })
    const both = await Promise.all([look(), look()])
    expect(both.map((a) => a.Role?.RoleName)).toEqual(['role-1', 'role-1'])
    expect((await look()).Role?.RoleName).toBe('role-2')
  })

  it('one name that AWS does not know fails a call for several: then each is asked alone, and only that one fails', async () => {
    const calls: string[][] = []
    const aws = batched(
      fakeAws({
        elb: async (_operation: string, { ResourceArns }: { ResourceArns: string[] }) => {
          calls.push(ResourceArns)
          if (ResourceArns.includes('gone')) throw Object.assign(new Error('not found'), { name: 'TargetGroupNotFoundException' })
          return { TagDescriptions: ResourceArns.map((ResourceArn) => ({ ResourceArn, Tags: [] })) }
        },
      }),
    )
    const ended = await Promise.allSettled(['a', 'gone', 'b'].map((arn) => aws.elb('DescribeTags', { ResourceArns: [arn] })))
    expect(ended.map((e) => (e.status === 'fulfilled' ? e.value.TagDescriptions?.[0]?.ResourceArn : e.reason.name))).toEqual([
      'a',
      'TargetGroupNotFoundException',
      'b',
    ])
    expect(calls).toEqual([['a', 'gone', 'b'], ['a'], ['gone'], ['b']])
  })

  it('alarms are deleted together; a change that cannot be is never sent for another', async () => {
    const calls: Call[] = []
    const send = async (operation: string, input: Call['input']) => void calls.push({ operation, input })
    const aws = batched(fakeAws({ cloudWatch: send, ec2: send }))
    await Promise.all([
      ...['a', 'b'].map((name) => aws.cloudWatch('DeleteAlarms', { AlarmNames: [name] })),
      ...['a', 'a'].map((SubnetId) => aws.ec2('DeleteSubnet', { SubnetId })),
    ])
    expect(calls.filter((c) => c.operation === 'DeleteAlarms').map((c) => c.input)).toEqual([{ AlarmNames: ['a', 'b'] }])
    expect(calls.filter((c) => c.operation === 'DeleteSubnet')).toHaveLength(2)
  })

  it('all else goes as it is', async () => {
    const { calls, aws } = ecs(['web'])
    await aws.ecs('DescribeServices', { cluster: 'c', services: ['web', 'api'] })
    await aws.ecs('DescribeClusters', { clusters: ['c'] })
    expect(calls).toEqual([
      { operation: 'DescribeServices', input: { cluster: 'c', services: ['web', 'api'] } },
      { operation: 'DescribeClusters', input: { clusters: ['c'] } },
    ])
  })
})
