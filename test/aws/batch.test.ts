import { describe, expect, it } from 'vitest'
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
