import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateVpcCommand, DeleteTagsCommand, DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { type Account, clientConfig, freshAccount } from '../support/account.ts'
import { INIT, type Place, place } from '../support/cli.ts'

const url = inject('motoUrl')

describe.skipIf(!url)('what infra did not make', () => {
  let account: Account
  let ec2: EC2Client
  let p: Place

  beforeEach(async () => {
    account = await freshAccount(url ?? '')
    ec2 = new EC2Client(clientConfig(account))
    p = await place({ ...account.env, INFRA_GRACE_SECONDS: '1' })
  })
  afterEach(async () => {
    ec2.destroy()
    await p.remove()
  })
  const init = async (...more: string[]) => {
    const r = await p.run(...INIT, ...more.flatMap((m) => ['--set', m]))
    expect(r.code, r.all).toBe(0)
  }
  const ok = async (...args: string[]) => {
    const r = await p.run(...args)
    expect(r.code, r.all).toBe(0)
    return r
  }
  const refused = async (...args: string[]) => {
    const r = await p.run(...args)
    expect(r.code, r.all).toBe(2)
    return r.stderr
  }
  const vpcs = async () => {
    const Filters = [{ Name: 'is-default', Values: ['false'] }]
    return ((await ec2.send(new DescribeVpcsCommand({ Filters }))).Vpcs ?? []).map((v) => ({
      id: v.VpcId ?? '',
      tags: v.Tags ?? [],
    }))
  }
  const ids = async () => (await vpcs()).map((v) => v.id).sort()

  it('copied tags ("Launch more like this") make nothing ours: it is neither destroyed nor taken over', {
    timeout: 60_000,
  }, async () => {
    await init('steps=[vpc]')
    await ok('create', '--yes')
    const [{ id: ours = '', tags = [] } = {}] = await vpcs()
    const TagSpecifications = [{ ResourceType: 'vpc' as const, Tags: tags }]
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16', TagSpecifications }))
    const theirs = Vpc?.VpcId ?? ''

    // The state is lost: only the tags could tell, and they do not.
    const file = join(p.dir, 'state', 'production.json')
    const state = await readFile(file, 'utf8')
    await writeFile(file, JSON.stringify({ ...JSON.parse(state), resources: {} }))
    const lost = await refused('recover', '--yes')
    for (const id of [ours, theirs]) expect(lost).toContain(id)
    await writeFile(file, state)

    await ok('destroy', '--yes')
    expect(await ids()).toEqual([theirs])

    // Deleted outside: create does not take the copy for its own either. As its hint says, the tags go, and a new one comes.
    await writeFile(file, state)
    const stopped = await refused('create', '--yes')
    expect(stopped).toContain(`the recorded ${ours} is gone, and ${theirs} carries its tags`)
    expect(await ids()).toEqual([theirs])
    await ec2.send(new DeleteTagsCommand({ Resources: [theirs], Tags: [{ Key: 'infra:stack' }, { Key: 'infra:key' }] }))
    await ok('create', '--yes')
    expect(await ids()).toHaveLength(2)
  })

  it('a state that was copied to another environment deletes nothing of the first', async () => {
    await init('steps=[vpc]')
    await ok('create', '--yes')
    const folder = join(p.dir, 'state')
    const copied = (await readFile(join(folder, 'production.json'), 'utf8')).replace(
      '"environment": "production"',
      '"environment": "staging"',
    )
    await writeFile(join(folder, 'staging.json'), copied)
    await writeFile(
      join(p.dir, 'infra.yaml'),
      `${await readFile(join(p.dir, 'infra.yaml'), 'utf8')}\nenvironments: { staging: {} }\n`,
    )
    for (const args of [
      ['destroy', '--yes', '--confirm', 'startupwebapp'],
      ['create', '--yes'],
    ]) {
      const said = await refused('--env', 'staging', ...args)
      expect(said).toContain('of the stack startupwebapp/production')
      expect(said).toContain('infra state forget')
    }
    expect(await ids()).toHaveLength(1)
  })
})
