import { describe, expect, it, vi } from 'vitest'
import { liveSecrets, withMoved } from '../../../src/commands/env/live.ts'
import type { Loaded } from '../../../src/config/load.ts'
import { InfraError } from '../../../src/core/errors.ts'
import type { Row } from '../../../src/state/schema.ts'
import { account, awsError } from '../../ecs/support.ts'

let reached: () => Promise<unknown>
vi.mock('../../../src/session/account.ts', () => ({ reach: () => reached() }))

const arn = (end: string): string => `arn:aws:secretsmanager:us-east-1:111122223333:secret:shop/dev/database-${end}`
const loaded = { config: { region: 'us-east-1' } } as unknown as Loaded
const rows = new Map([
  ['database-secret', { type: 'secretsmanager.secret', attrs: { arn: arn('AbCdEf'), name: 'shop/dev/database' } }],
  ['sql-role-app', { type: 'sql.role', want: { passwordSecret: arn('AbCdEf') } }],
  ['vpc', { type: 'ec2.vpc', attrs: { id: 'vpc-1' } }],
]) as unknown as ReadonlyMap<string, Row>
const look = (answer: unknown, caller = '111122223333') => {
  const aws = account({ DescribeSecret: answer })
  reached = async () => ({ aws, caller: { account: caller } })
  return { aws, seen: liveSecrets({}, loaded, '111122223333', rows) }
}

describe('infra env looks the ARNs of secrets up', () => {
  it('one that was made anew has another one: that is told, wherever it stands', async () => {
    const { aws, seen } = look({ ARN: arn('ZyXwVu') })
    const { moved, unsure } = await seen
    expect([...moved, unsure]).toEqual([[arn('AbCdEf'), arn('ZyXwVu')], undefined])
    expect(aws.sent).toEqual([['DescribeSecret', { SecretId: 'shop/dev/database' }]])
    const after = withMoved(rows, moved)
    expect(after.get('database-secret')?.attrs?.arn).toBe(arn('ZyXwVu'))
    expect(after.get('sql-role-app')?.want.passwordSecret).toBe(arn('ZyXwVu'))
    expect(after.get('vpc')).toEqual(rows.get('vpc'))
  })

  it('the same as recorded: nothing is changed', async () => {
    expect(await look({ ARN: arn('AbCdEf') }).seen).toEqual({ moved: new Map(), unsure: undefined })
  })

  it.each<[string, unknown, string, RegExp]>([
    ['one that is gone', awsError('ResourceNotFoundException'), '111122223333', /Secrets Manager has no shop\/dev\/database/],
    ['no right to look', awsError('AccessDeniedException', 'not authorized'), '111122223333', /not authorized/],
    ['keys of another account', {}, '999999999999', /are of the account 999999999999, the stack is in 111122223333/],
  ])('%s: the record is told, and why', async (_, answer, caller, why) => {
    const { moved, unsure } = await look(answer, caller).seen
    expect([moved.size, unsure]).toEqual([0, expect.stringMatching(why)])
  })

  it('no credentials: the record is told, and why; without a secret nobody is asked', async () => {
    reached = async () => {
      throw new InfraError('There are no AWS credentials', { exitCode: 2 })
    }
    expect((await liveSecrets({}, loaded, undefined, rows)).unsure).toBe('There are no AWS credentials')
    expect(await liveSecrets({}, loaded, undefined, new Map())).toEqual({ moved: new Map(), unsure: undefined })
  })
})
