import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Plan } from '../../src/engine/plan.ts'
import { offlineLookups } from '../../src/session/lookups.ts'
import { askGround, problemsOf } from '../../src/session/preflight.ts'
import type { Session } from '../../src/session/session.ts'
import { NO_MEMORY } from '../../src/state/memory.ts'
import { read } from '../config/support/read.ts'
import { awsError } from '../kinds/support/cloud.ts'
import { fakeAws } from '../support/models/fake.ts'

const STEPS = ['vpc', 'security-groups', 'secrets', 'rds', 'bastion', 'databases']
type State = () => Promise<unknown>
const PLAN =
  (accountPlanType: string, accountPlanStatus = 'ACTIVE') =>
  async () => ({ accountPlanType, accountPlanStatus })

const session = (yaml: string, { answer = PLAN('PAID') as State, rows = [] as string[], endpoint = '' } = {}) => {
  const asked: string[] = []
  const freeTier = (operation: string) => {
    asked.push(operation)
    return answer()
  }
  const config = read(`project: shop\nsteps: [${STEPS}]\n${yaml}`)
  const state = { row: (key: string) => (rows.includes(key) ? {} : undefined) }
  const s = { config, state, endpoint, aws: fakeAws({ freeTier }) } as unknown as Session
  return { s, asked }
}
/** A plan that makes these. */
const making = (...keys: string[]): Plan =>
  ({
    actions: keys.map((key) => ({ key, step: key === 'database-shop' ? 'databases' : 'x', action: 'create' })),
  }) as unknown as Plan
const problems = async (
  yaml: string,
  how: Parameters<typeof session>[1] = {},
  plan = making('db-instance', 'bastion', 'vpc'),
) => {
  const { s } = session(yaml, how)
  return problemsOf(await askGround(s, STEPS), s, offlineLookups(s.config, NO_MEMORY, '1'), plan)
}
afterEach(() => vi.useRealTimers())

describe('an account on the free plan', () => {
  const free = { answer: PLAN('FREE') }

  it('is told all that it refuses, with the keys and values, before anything is made', async () => {
    const [problem, more] = await problems('rds: { instanceClass: db.t4g.small }\nbastion: { instanceType: t4g.nano }', free)
    expect(more).toBeUndefined()
    expect(problem).toMatchObject({ exitCode: 2, what: expect.stringContaining("on AWS's free plan") })
    expect(problem?.why).toMatch(
      /rds\.instanceClass is db\.t4g\.small .*rds\.backupRetentionDays is 7 .*bastion\.instanceType is t4g\.nano/,
    )
    expect(problem?.next).toBe(
      'infra init --set rds.instanceClass=db.t4g.micro --set rds.backupRetentionDays=1 --set bastion.instanceType=t4g.micro, or upgrade the plan: aws freetier upgrade-account-plan --account-plan-type PAID',
    )
  })

  it('gets what it allows; so does one on another plan, and one whose plan has ended', async () => {
    expect(await problems('rds: { instanceClass: db.t3.micro, backupRetentionDays: 1 }', free)).toEqual([])
    expect(await problems('', { answer: PLAN('PAID') })).toEqual([])
    expect(await problems('', { answer: PLAN('FREE', 'EXPIRED') })).toEqual([])
  })

  it('keeps what it has: only what would be made is named', async () => {
    expect(await problems('', free, making('vpc'))).toEqual([])
    expect((await problems('', free, making('bastion'))).length).toBe(0)
    expect((await problems('bastion: { instanceType: t3.nano }', free, making('bastion')))[0]?.next).toMatch(
      /^infra init --set bastion/,
    )
  })

  it('is asked for only where something hangs on it, and in the partition that has the plan', async () => {
    const calls = async (yaml: string, rows: string[], steps: string[]) => {
      const { s, asked } = session(yaml, { rows })
      await askGround(s, steps)
      return asked
    }
    expect(await calls('', [], STEPS)).toEqual(['GetAccountPlanState'])
    expect(await calls('', ['db-instance'], ['rds'])).toEqual([])
    expect(await calls('', [], ['vpc'])).toEqual([])
    expect(await calls('region: us-gov-west-1', [], STEPS)).toEqual([])
  })

  it('that may not say which plan it is on, or does not answer, is no hindrance', async () => {
    for (const error of [awsError('AccessDeniedException'), awsError('ResourceNotFoundException'), new Error('x')])
      expect(await problems('', { answer: () => Promise.reject(error) })).toEqual([])
    vi.useFakeTimers()
    const never = problems('', { answer: () => new Promise(() => {}) })
    await vi.advanceTimersByTimeAsync(4000)
    expect(await never).toEqual([])
  })
})

describe('a region whose certificates of RDS are not known', () => {
  const next = async (yaml: string, how = {}, plan?: Plan) => (await problems(yaml, how, plan))[0]?.next

  it('is refused before RDS is made, with the command that gets them', async () => {
    expect(await problems('region: ca-west-1')).toMatchObject([
      { exitCode: 2, what: 'infra does not know the certificates of Amazon RDS in ca-west-1' },
    ])
    expect(await next('region: ca-west-1')).toBe(
      'curl -fO https://truststore.pki.rds.amazonaws.com/ca-west-1/ca-west-1-bundle.pem, then: infra init --set databases.caFile=ca-west-1-bundle.pem',
    )
    expect(await next('region: us-gov-west-1')).toContain('https://truststore.pki.us-gov-west-1.rds.amazonaws.com/us-gov-west-1/')
    expect(await next('region: cn-north-1')).toContain('https://rds-truststore.s3.cn-north-1.amazonaws.com.cn/cn-north-1/')
    expect(await next('region: eusc-de-east-1')).toMatch(/^Download the bundle of the region/)
    expect(await next('region: ca-west-1', {}, making('database-shop'))).toContain('ca-west-1-bundle.pem')
  })

  it('is none where they are given, where nobody connects, or where nothing of it is made', async () => {
    expect(await problems('region: ca-west-1\ndatabases: { caFile: x.pem }')).toEqual([])
    expect(await problems('region: ca-west-1\ndatabases: { via: print }')).toEqual([])
    expect(await problems('region: ca-west-1', {}, making('vpc'))).toEqual([])
    expect(await problems('region: ca-west-1', { endpoint: 'http://127.0.0.1:5000' })).toEqual([])
    const { s } = session('region: ca-west-1')
    const without = { ...s, config: { ...s.config, steps: ['vpc', 'rds'] } } as unknown as Session
    expect((await askGround(without, ['vpc', 'rds'])).noRoots).toBeUndefined()
  })
})
