import * as RDS from '@aws-sdk/client-rds'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { type Clients, clients, database, given, refusal, subnetGroup, vpcWithSubnets } from './support.ts'

const url = inject('motoUrl') ?? ''
const { DBInstanceIdentifier } = database
const DBParameterGroupName = 'shop-pg16'

describe.skipIf(!url)('parameters of a database in the sandbox', () => {
  let aws: Clients
  beforeEach(async () => {
    aws = await clients(url)
    const group = { DBParameterGroupName, DBParameterGroupFamily: 'postgres16', Description: 'd' }
    await aws.rds.send(new RDS.CreateDBParameterGroupCommand(group))
    await aws.rds.send(new RDS.CreateDBInstanceCommand({ ...database, DBParameterGroupName }))
  })
  const set = (ParameterName: string, ParameterValue: string, ApplyMethod: 'immediate' | 'pending-reboot') =>
    refusal(
      aws.rds.send(
        new RDS.ModifyDBParameterGroupCommand({
          DBParameterGroupName,
          Parameters: [{ ParameterName, ParameterValue, ApplyMethod }],
        }),
      ),
    )
  const status = async () => {
    const { DBInstances } = await aws.rds.send(new RDS.DescribeDBInstancesCommand({ DBInstanceIdentifier }))
    return DBInstances?.[0]?.DBParameterGroups?.map((g) => `${g.DBParameterGroupName} ${g.ParameterApplyStatus}`).join()
  }
  const users = async () => {
    const wish = { DBParameterGroupName, Source: 'user' }
    const { Parameters = [] } = await aws.rds.send(new RDS.DescribeDBParametersCommand(wish))
    return Object.fromEntries(Parameters.map((p) => [p.ParameterName, p.ParameterValue]))
  }
  const reboot = (more: Partial<RDS.RebootDBInstanceCommandInput> = {}) =>
    refusal(aws.rds.send(new RDS.RebootDBInstanceCommand({ DBInstanceIdentifier, ...more })))

  it('applies dynamic ones at once, and lets static ones wait for a restart', async () => {
    expect(await set('work_mem', '8192', 'immediate')).toBe('no error')
    expect(await status()).toBe('shop-pg16 in-sync')
    expect(await set('max_connections', '200', 'immediate')).toBe(
      'InvalidParameterCombination: cannot use immediate apply method for static parameter',
    )
    expect(await set('max_connections', '200', 'pending-reboot')).toBe('no error')
    expect(await status()).toBe('shop-pg16 pending-reboot')
    expect(await reboot()).toBe('no error')
    expect(await status()).toBe('shop-pg16 in-sync')
    expect(await users()).toEqual({ work_mem: '8192', max_connections: '200' })
  })

  it.each([
    ['a name that is none', 'work_memory', '1', 'InvalidParameterValue: Could not find parameter with name: work_memory'],
    ['a value out of range', 'work_mem', '1', 'Invalid parameter value: 1 for: work_mem allowed values are: 64-2147483647'],
    ['a word that is none of the list', 'log_statement', 'some', 'allowed values are: none,ddl,mod,all'],
    ['one that nobody may set', 'fsync', '0', 'The parameter fsync cannot be modified.'],
  ])('refuses %s', async (_, name, value, expected) => {
    expect(await set(name, value, 'pending-reboot')).toContain(expected)
    expect(await users()).toEqual({})
  })

  it('takes a formula over the memory of the class', async () => {
    expect(await set('shared_buffers', '{DBInstanceClassMemory/32768}', 'pending-reboot')).toBe('no error')
  })

  it('resets single ones and all', async () => {
    await set('work_mem', '8192', 'immediate')
    await set('max_connections', '200', 'pending-reboot')
    await reboot()
    const reset = (more: Partial<RDS.ResetDBParameterGroupCommandInput>) =>
      refusal(aws.rds.send(new RDS.ResetDBParameterGroupCommand({ DBParameterGroupName, ...more })))
    const one = (ParameterName: string, ApplyMethod: 'immediate' | 'pending-reboot') =>
      reset({ Parameters: [{ ParameterName, ApplyMethod }] })
    expect(await one('max_connections', 'immediate')).toContain('static parameter')
    expect(await one('work_mem', 'immediate')).toBe('no error')
    expect([await users(), await status()]).toEqual([{ max_connections: '200' }, 'shop-pg16 in-sync'])
    expect(await reset({ ResetAllParameters: true })).toBe('no error')
    expect([await users(), await status()]).toEqual([{}, 'shop-pg16 pending-reboot'])
  })

  it('waits for a restart when another group is put in its place', async () => {
    const modify = { DBInstanceIdentifier, DBParameterGroupName: 'default.postgres16' }
    await aws.rds.send(new RDS.ModifyDBInstanceCommand(modify))
    expect(await status()).toBe('default.postgres16 pending-reboot')
  })

  it('tells the defaults of a family, page by page or by name', async () => {
    const ask = async (more: Partial<RDS.DescribeEngineDefaultParametersCommandInput>) =>
      given(
        (await aws.rds.send(new RDS.DescribeEngineDefaultParametersCommand({ DBParameterGroupFamily: 'postgres16', ...more })))
          .EngineDefaults,
      )
    const first = await ask({})
    expect(first.Parameters).toHaveLength(100)
    const second = await ask({ Marker: given(first.Marker) })
    expect(second.Parameters?.[0]?.ParameterName).not.toBe(first.Parameters?.[0]?.ParameterName)
    const Filters = [{ Name: 'parameter-name', Values: ['work_mem', 'max_connections', 'nonsense'] }]
    expect((await ask({ Filters })).Parameters).toMatchObject([
      { ParameterName: 'max_connections', ApplyType: 'static', IsModifiable: true },
      { ParameterName: 'work_mem', ApplyType: 'dynamic', AllowedValues: '64-2147483647' },
    ])
    expect(await refusal(ask({ DBParameterGroupFamily: 'postgres99' }))).toContain('not a valid parameter group family')
  })

  it('restarts with a failover only where there is a standby, which then serves from its zone', async () => {
    expect(await reboot({ ForceFailover: true })).toContain('InvalidParameterCombination: Force failover cannot be specified')
    const DBSubnetGroupName = await subnetGroup(aws, (await vpcWithSubnets(aws)).subnets)
    const id = { DBInstanceIdentifier: 'two-zones' }
    await aws.rds.send(new RDS.CreateDBInstanceCommand({ ...database, ...id, DBSubnetGroupName, MultiAZ: true }))
    const zones = async () => {
      const { DBInstances } = await aws.rds.send(new RDS.DescribeDBInstancesCommand(id))
      return [DBInstances?.[0]?.AvailabilityZone, DBInstances?.[0]?.SecondaryAvailabilityZone]
    }
    const before = await zones()
    expect(new Set(before).size).toBe(2)
    expect(await reboot(id)).toBe('no error')
    expect(await zones()).toEqual(before)
    expect(await reboot({ ...id, ForceFailover: true })).toBe('no error')
    expect(await zones()).toEqual([...before].reverse())
  })
})
