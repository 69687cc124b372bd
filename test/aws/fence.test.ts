import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, expect, it, vi } from 'vitest'
import { type Aws, connect } from '../../src/aws/clients.ts'
import { fenced, isRead } from '../../src/aws/fence.ts'
import { LockLost } from '../../src/core/errors.ts'
import { ec2Answer, ec2Error, type LocalServer, type Reply, serve } from '../kinds/support/http.ts'

let server: LocalServer | undefined
afterEach(async () => {
  vi.restoreAllMocks()
  await server?.close()
  server = undefined
})

const VPC = ec2Answer('CreateVpc', '<vpc><vpcId>vpc-1</vpcId><state>pending</state></vpc>')
const NONE = ec2Answer('DescribeVpcs', '<vpcSet/>')
const through = async (reply: (action: string, nth: number) => Reply, check: () => Promise<void>): Promise<Aws> => {
  server = await serve(reply)
  return fenced(connect({ region: 'us-east-1', sandbox: server }), check)
}
const gone = new LockLost('The lock is gone')

it('a run without its lock sends no change; reads are free', async () => {
  const check = vi.fn(async () => Promise.reject(gone))
  const aws = await through(() => NONE, check)
  await aws.ec2('DescribeVpcs', {})
  expect(check).not.toHaveBeenCalled()
  await expect(aws.ec2('CreateVpc', { CidrBlock: '10.0.0.0/16' })).rejects.toBe(gone)
  await expect(aws.ec2('DeleteVpc', { VpcId: 'vpc-1' })).rejects.toBe(gone)
  expect(server?.calls).toEqual(['DescribeVpcs'])
})

it('lost between two attempts of the SDK: the second one is not sent', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0)
  let held = true
  const aws = await through(
    () => {
      held = false
      return ec2Error(503, 'RequestLimitExceeded')
    },
    async () => {
      if (!held) throw gone
    },
  )
  await expect(aws.ec2('DeleteVpc', { VpcId: 'vpc-1' })).rejects.toBe(gone)
  expect(server?.calls).toEqual(['DeleteVpc'])
})

it('lost while the call stands in line behind others: it is not sent', async () => {
  let held = true
  let release = (): void => undefined
  const stuck = new Promise<void>((done) => {
    release = done
  })
  const aws = await through(
    (action) => (action === 'DescribeVpcs' ? ec2Answer('DescribeVpcs', '<vpcSet/>', stuck) : VPC),
    async () => {
      if (!held) throw gone
    },
  )
  const reads = Array.from({ length: 10 }, (_, i) => aws.ec2('DescribeVpcs', { VpcIds: [`vpc-${i}`] }))
  await vi.waitFor(() => expect(server?.calls).toHaveLength(10))
  const create = aws.ec2('CreateVpc', { CidrBlock: '10.0.0.0/16' })
  create.catch(() => undefined)
  await new Promise((done) => setImmediate(done))
  held = false
  release()
  await Promise.all(reads)
  await expect(create).rejects.toBe(gone)
  expect(server?.calls).not.toContain('CreateVpc')
})

it('a statement inside a database server is a change, a look is none', async () => {
  const sent: string[] = []
  const sql = (async (operation: string) => void sent.push(operation)) as unknown as Aws['sql']
  const aws = fenced({ sql } as Aws, () => Promise.reject(gone))
  for (const operation of ['Look', 'Login', 'Sessions'] as const) await aws.sql(operation, {} as never)
  for (const operation of ['CreateRole', 'AlterRole', 'DropRole', 'CreateDatabase', 'AlterDatabase', 'DropDatabase'] as const)
    await expect(aws.sql(operation, {} as never)).rejects.toBe(gone)
  expect(sent).toEqual(['Look', 'Login', 'Sessions'])
})

it('every operation that infra uses and that is not a read begins with a word of change', () => {
  const folder = new URL('../../src/aws/services/', import.meta.url)
  const operations = readdirSync(folder).flatMap((file) =>
    [...readFileSync(new URL(file, folder), 'utf8').matchAll(/\b(\w+)Command\b/g)].map((m) => m[1] ?? ''),
  )
  expect(operations.length).toBeGreaterThan(100)
  const verbs = operations.filter((o) => !isRead(o)).map((o) => /^[A-Z][a-z]+/.exec(o)?.[0] ?? o)
  const CHANGES =
    'Abort Add Allocate Associate Attach Authorize Complete Copy Create Delete Deregister Detach Disassociate Execute Modify Put ' +
    'Reboot Register Release Remove Replace Request Reset Restore Revoke Run Set Start Stop Subscribe Tag Terminate Unsubscribe Untag Update Upload'
  expect([...new Set(verbs)].filter((verb) => !CHANGES.split(' ').includes(verb))).toEqual([])
})
