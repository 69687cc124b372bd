import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RunInstancesCommand } from '@aws-sdk/client-ec2'
import { CreateDBInstanceCommand, ModifyDBInstanceCommand } from '@aws-sdk/client-rds'
import { GetParameterCommand } from '@aws-sdk/client-ssm'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { connect } from '../../src/aws/clients.ts'
import { freshAccount } from '../support/account.ts'
import { place } from '../support/cli.ts'
import { page } from '../support/credentials.ts'
import { startProxy } from '../support/proxy.ts'
import { type Clients, clients, given, refusal } from './support.ts'

const url = inject('motoUrl') ?? ''
const plan = async (account: string, plan: string) =>
  (await page(url, '/infra-sandbox/account-plan', JSON.stringify({ account, plan }))).status

describe.skipIf(!url)('an account on the free plan', () => {
  let aws: Clients
  beforeEach(async () => {
    aws = await clients(url)
  })

  const db = (more: object) =>
    aws.rds.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: 'shop',
        Engine: 'postgres',
        DBInstanceClass: 'db.t4g.micro',
        AllocatedStorage: 20,
        MasterUsername: 'postgres',
        MasterUserPassword: 'not-a-secret',
        BackupRetentionPeriod: 1,
        ...more,
      }),
    )

  it('is refused what it does not allow, in the words of AWS; another account is not', async () => {
    expect(await plan(aws.accountId, 'FREE')).toBe(200)
    expect(await refusal(db({ BackupRetentionPeriod: 7 }))).toMatch(/^FreeTierRestrictionError: The specified backup retention/)
    expect(await refusal(db({ DBInstanceClass: 'db.t4g.small' }))).toMatch(/^FreeTierRestrictionError: This instance size/)
    const name = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64'
    const { Parameter } = await aws.ssm.send(new GetParameterCommand({ Name: name }))
    const run = (InstanceType: 't4g.nano' | 't4g.micro') =>
      aws.ec2.send(new RunInstancesCommand({ ImageId: given(Parameter?.Value), InstanceType, MinCount: 1, MaxCount: 1 }))
    expect(await refusal(run('t4g.nano'))).toMatch(/^InvalidParameterCombination: The specified instance type is not eligible/)
    await run('t4g.micro')
    await db({})
    const modify = (more: object) => aws.rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: 'shop', ...more }))
    expect(await refusal(modify({ BackupRetentionPeriod: 7 }))).toMatch(/^FreeTierRestrictionError/)
    expect(await plan(aws.accountId, 'PAID')).toBe(200)
    await modify({ BackupRetentionPeriod: 7 })
    expect(await plan(aws.accountId, 'CHEAP')).toBe(400)
    expect(await plan('1', 'FREE')).toBe(400)
  })

  it('says so to the client that infra makes for it', async () => {
    const account = await freshAccount(url)
    const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN = '' } = account.env
    const before = { ...process.env }
    Object.assign(process.env, account.env)
    try {
      expect([AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN].every(Boolean)).toBe(true)
      const { freeTier } = connect({ region: 'eu-west-1' })
      expect(await freeTier('GetAccountPlanState', {})).toMatchObject({ accountPlanType: 'PAID', accountPlanStatus: 'ACTIVE' })
      await plan(account.accountId, 'FREE')
      expect(await freeTier('GetAccountPlanState', {})).toMatchObject({ accountPlanType: 'FREE' })
    } finally {
      for (const name of Object.keys(account.env)) delete process.env[name]
      Object.assign(process.env, before)
    }
  })

  it('create names all of it before the first changing call, and its hint helps', async () => {
    const account = await freshAccount(url)
    await plan(account.accountId, 'FREE')
    const proxy = await startProxy(url)
    const p = await place({ ...account.env, AWS_ENDPOINT_URL: proxy.url })
    try {
      const yaml = 'project: shop\nregion: us-east-1\nvpc: { nat: none }\nrds: { instanceClass: db.t4g.small }\n'
      await writeFile(join(p.dir, 'infra.yaml'), yaml)
      const r = await p.run('create', '--yes')
      expect([r.code, r.stderr]).toEqual([2, expect.stringContaining("This account is on AWS's free plan")])
      expect(r.stderr).toContain('rds.instanceClass is db.t4g.small')
      expect(r.stderr).toContain('--set rds.instanceClass=db.t4g.micro --set rds.backupRetentionDays=1')
      expect(proxy.changing().filter((c) => !c.op.startsWith('sts.'))).toEqual([])
      // Word for word.
      expect((await p.run('init', '--set', 'rds.instanceClass=db.t4g.micro', '--set', 'rds.backupRetentionDays=1')).code).toBe(0)
      expect((await p.run('plan')).code).toBe(0)
    } finally {
      await p.remove()
      await proxy.close()
    }
  })
})
