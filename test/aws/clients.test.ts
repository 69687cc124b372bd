import { afterEach, describe, expect, it, vi } from 'vitest'
import { connect, pass } from '../../src/aws/clients.ts'
import { UnknownOutcome } from '../../src/aws/guard.ts'
import { ec2Answer, ec2Error, type LocalServer, serve } from '../kinds/support/http.ts'
import { fakeAws } from '../support/models/fake.ts'

let server: LocalServer | undefined
afterEach(async () => {
  vi.useRealTimers()
  await server?.close()
  server = undefined
})
/** The first call of a service loads its part of the SDK, which takes seconds on a busy machine. */
const PATIENT = { timeout: 20_000, interval: 20 }
const moment = () => new Promise((done) => setTimeout(done, 60))
const NEVER = new Promise<void>(() => {})

describe('connect', () => {
  it('has at most ten calls of a service in flight; another service does not wait for them', async () => {
    let release = (): void => {}
    const held = new Promise<void>((done) => {
      release = done
    })
    server = await serve((action) => ec2Answer(action, '', held))
    const aws = connect({ region: 'us-east-1', sandbox: server })
    const running = Array.from({ length: 25 }, () => aws.ec2('DescribeVpcs', {}))
    await vi.waitFor(() => expect(server?.calls).toHaveLength(10), PATIENT)
    await moment()
    expect(server.calls).toHaveLength(10)
    const other = aws.rds('DescribeDBInstances', {})
    await vi.waitFor(() => expect(server?.calls).toContain('DescribeDBInstances'), PATIENT)
    release()
    await Promise.all([...running, other])
    expect(server.calls).toHaveLength(26)
  })

  it('a call that hangs is an error, and a create that hangs has an unknown outcome', async () => {
    server = await serve((action) => ec2Answer(action, '', NEVER))
    const aws = connect({ region: 'us-east-1', sandbox: server })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const hung = aws.ec2('CreateVpc', { CidrBlock: '10.0.0.0/16' }).catch((error: Error) => error)
    while (server.calls.length === 0) await new Promise((done) => setImmediate(done))
    await vi.advanceTimersByTimeAsync(31_000)
    expect(await hung).toBeInstanceOf(UnknownOutcome)
    expect(server.calls).toEqual(['CreateVpc'])
  })

  it('tells of each call, with its error', async () => {
    server = await serve((action) => (action === 'DescribeVpcs' ? ec2Answer(action, '') : ec2Error(400, 'InvalidGroup.NotFound')))
    const heard: string[] = []
    const onCall = (service: string, operation: string, ms: number, error?: Error): void => {
      expect(ms).toBeGreaterThan(0)
      heard.push([service, operation, error?.name].filter(Boolean).join(' '))
    }
    const aws = connect({ region: 'us-east-1', sandbox: server, onCall })
    await aws.ec2('DescribeVpcs', {})
    await expect(aws.ec2('DescribeSecurityGroups', {})).rejects.toThrow('InvalidGroup.NotFound')
    expect(heard).toEqual(['ec2 DescribeVpcs', 'ec2 DescribeSecurityGroups InvalidGroup.NotFound'])
  })
})

describe('pass', () => {
  const counting = () => {
    const sent: string[] = []
    const answer = (service: string) => async (operation: string, input: object) => {
      sent.push(`${service} ${operation} ${JSON.stringify(input)}`)
      if (operation === 'DescribeSubnets') throw new Error('refused')
      return { nth: sent.length }
    }
    return { sent, aws: fakeAws({ ec2: answer('ec2'), rds: answer('rds') }) }
  }

  it('sends an identical read once, whatever the order of its keys, even while it runs', async () => {
    const { sent, aws } = counting()
    const one = pass(aws)
    const [a, b] = await Promise.all([
      one.ec2('DescribeVpcs', { VpcIds: ['vpc-1'], DryRun: false }),
      one.ec2('DescribeVpcs', { DryRun: false, VpcIds: ['vpc-1'] }),
    ])
    expect(a).toBe(b)
    expect(await one.ec2('DescribeVpcs', { VpcIds: ['vpc-1'], DryRun: false })).toBe(a)
    expect(sent).toHaveLength(1)
  })

  it('keeps apart what differs in input, operation or service', async () => {
    const { sent, aws } = counting()
    const one = pass(aws)
    await one.ec2('DescribeVpcs', {})
    await one.ec2('DescribeVpcs', { VpcIds: ['vpc-1'] })
    await one.ec2('DescribeAddresses', {})
    await one.rds('DescribeDBInstances', {})
    expect(sent).toHaveLength(4)
  })

  it('shares an error too, and a new pass asks again', async () => {
    const { sent, aws } = counting()
    const one = pass(aws)
    await expect(one.ec2('DescribeSubnets', {})).rejects.toThrow('refused')
    await expect(one.ec2('DescribeSubnets', {})).rejects.toThrow('refused')
    expect(sent).toHaveLength(1)
    await expect(pass(aws).ec2('DescribeSubnets', {})).rejects.toThrow('refused')
    expect(sent).toHaveLength(2)
  })
})
