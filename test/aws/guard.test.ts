import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { connect } from '../../src/aws/clients.ts'
import { UnknownOutcome } from '../../src/aws/guard.ts'
import { classify, outcomeUnknown } from '../../src/aws/trouble.ts'
import { ec2Answer, ec2Error, type LocalServer, type Reply, serve } from '../kinds/support/http.ts'

let server: LocalServer | undefined
// The SDK's pauses between its attempts are a random share of a growing time.
beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await server?.close()
  server = undefined
})

const account = async (reply: (action: string, nth: number) => Reply) => {
  server = await serve(reply)
  return { aws: connect({ region: 'us-east-1', sandbox: server }), calls: server.calls, forms: server.forms }
}

const VPC = ec2Answer('CreateVpc', '<vpc><vpcId>vpc-1</vpcId><state>pending</state></vpc>')
const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.fail('it should have failed'),
    (error: Error) => error,
  )

describe('a create whose answer was lost is sent once', () => {
  const lost: [string, Reply][] = [
    ['500', ec2Error(500, 'InternalError')],
    ['502 of a gateway', { status: 502, body: '<html>bad gateway</html>' }],
    ['503 that is no throttling', ec2Error(503, 'Unavailable')],
    ['connection cut before the answer', 'cut'],
    ['connection cut in the answer', 'cut half way'],
    ['200 with an answer that is no XML', { status: 200, body: 'garbage<' }],
  ]
  it.each(lost)('%s', async (_, reply) => {
    const { aws, calls } = await account(() => reply)
    const error = await failure(aws.ec2('CreateVpc', { CidrBlock: '10.0.0.0/16' }))
    expect(calls).toEqual(['CreateVpc'])
    expect(error).toBeInstanceOf(UnknownOutcome)
    expect(classify(error)).toBe('unknown-outcome')
    expect(error.message).toContain('CreateVpc')
  })

  it('AllocateAddress counts as a create', async () => {
    const { aws, calls } = await account(() => ec2Error(500, 'InternalError'))
    expect(classify(await failure(aws.ec2('AllocateAddress', { Domain: 'vpc' })))).toBe('unknown-outcome')
    expect(calls).toHaveLength(1)
  })
})

describe('what the SDK may send again', () => {
  it.each([
    ['RequestLimitExceeded', 503],
    ['RequestLimitExceeded', 400],
    ['Throttling', 400],
    ['EC2ThrottledException', 503],
  ])('a create that was throttled (%s, %i): nothing happened', async (code, status) => {
    const { aws, calls } = await account((_, nth) => (nth === 1 ? ec2Error(status, code) : VPC))
    const made = await aws.ec2('CreateVpc', { CidrBlock: '10.0.0.0/16' })
    expect(made.Vpc?.VpcId).toBe('vpc-1')
    expect(calls).toHaveLength(2)
  })

  it('a read that failed', async () => {
    const { aws, calls } = await account((_, nth) =>
      nth === 1 ? ec2Error(500, 'InternalError') : nth === 2 ? 'cut' : ec2Answer('DescribeVpcs', '<vpcSet/>'),
    )
    expect((await aws.ec2('DescribeVpcs', {})).Vpcs ?? []).toEqual([])
    expect(calls).toHaveLength(3)
  })

  it('a delete whose answer was lost: deleting twice is harmless', async () => {
    const { aws, calls } = await account((_, nth) => (nth === 1 ? 'cut' : ec2Answer('DeleteVpc', '<return>true</return>')))
    await aws.ec2('DeleteVpc', { VpcId: 'vpc-1' })
    expect(calls).toHaveLength(2)
  })

  it('an instance: the client token goes with it, so the second call makes no second one', async () => {
    const instance = ec2Answer('RunInstances', '<instancesSet><item><instanceId>i-1</instanceId></item></instancesSet>')
    const { aws, calls, forms } = await account((_, nth) => (nth === 1 ? 'cut' : instance))
    const made = await aws.ec2('RunInstances', { ImageId: 'ami-1', MinCount: 1, MaxCount: 1, ClientToken: 'token-1' })
    expect(made.Instances?.[0]?.InstanceId).toBe('i-1')
    expect(calls).toEqual(['RunInstances', 'RunInstances'])
    expect(forms.map((f) => f.get('ClientToken'))).toEqual(['token-1', 'token-1'])
  })

  it('a task definition: one revision too many is equal to the other', async () => {
    const body = JSON.stringify({ taskDefinition: { family: 'web', revision: 8 } })
    const { aws, calls } = await account((_, nth) => (nth === 1 ? 'cut' : { status: 200, body }))
    const made = await aws.ecs('RegisterTaskDefinition', { family: 'web', containerDefinitions: [] })
    expect(made.taskDefinition?.revision).toBe(8)
    expect(calls).toEqual(['RegisterTaskDefinition', 'RegisterTaskDefinition'])
  })

  it('a certificate: the token goes with it', async () => {
    const body = JSON.stringify({ CertificateArn: 'arn:c' })
    const { aws, calls } = await account((_, nth) => (nth === 1 ? 'cut' : { status: 200, body }))
    const made = await aws.acm('RequestCertificate', { DomainName: 'example.com', IdempotencyToken: 'token1' })
    expect(made.CertificateArn).toBe('arn:c')
    expect(calls).toEqual(['RequestCertificate', 'RequestCertificate'])
  })

  it('a refusal is sent once and keeps its name', async () => {
    const { aws, calls } = await account(() => ec2Error(400, 'VpcLimitExceeded'))
    const error = await failure(aws.ec2('CreateVpc', { CidrBlock: '10.0.0.0/16' }))
    expect(error.name).toBe('VpcLimitExceeded')
    expect(classify(error)).toBe('fatal')
    expect(calls).toHaveLength(1)
  })

  it('nobody listens: the call cannot have taken effect', async () => {
    const { aws } = await account(() => VPC)
    await server?.close()
    const error = await failure(aws.ec2('CreateVpc', { CidrBlock: '10.0.0.0/16' }))
    expect(error).not.toBeInstanceOf(UnknownOutcome)
    expect((error as { code?: string }).code).toBe('ECONNREFUSED')
    expect(classify(error)).toBe('unreachable')
  })
})

describe('outcomeUnknown', () => {
  const http = (httpStatusCode: number, name = 'X') => Object.assign(new Error(name), { name, $metadata: { httpStatusCode } })
  const node = (code: string) => Object.assign(new Error(code), { code })
  it.each([
    [true, http(500)],
    [true, http(503)],
    [true, http(504)],
    [true, http(200)],
    [false, http(501)],
    [false, http(400)],
    [false, http(503, 'RequestLimitExceeded')],
    [false, http(429)],
    [true, node('ECONNRESET')],
    [true, node('EPIPE')],
    [true, node('ETIMEDOUT')],
    [true, new Error('socket hang up')],
    [true, Object.assign(new Error('late'), { name: 'TimeoutError' })],
    [false, Object.assign(node('ECONNREFUSED'), { name: 'TimeoutError' })],
    [false, node('ENOTFOUND')],
    [false, node('EAI_AGAIN')],
    [false, new Error('anything else')],
  ])('%s for %o', (expected, error) => {
    expect(outcomeUnknown(error)).toBe(expected)
  })
})
