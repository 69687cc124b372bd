import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as EC2 from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { listAccount } from '../crash-real/holdings.ts'
import { noPsql } from '../database/ways/psql.ts'
import { type Account, clientConfig, freshAccount } from '../support/account.ts'
import { INIT, type Place, place, type Ran } from '../support/cli.ts'
import type { TestServer } from '../support/moto.ts'
import { hideDatabases, motoWithPostgres } from '../support/moto-postgres.ts'
import { type FaultProxy, startProxy } from '../support/proxy.ts'

interface PlanJson {
  actions: { action: string; key: string }[]
  databases?: { via: string }
  problems: { what: string }[]
}
const ALL_STEPS = 'steps=[vpc, security-groups, secrets, rds, databases, registry, load-balancer, ecs, autoscaling, monitoring]'

// The main case: RDS in its private network, nobody at a terminal, databases.via not set.
describe.skipIf(!inject('motoPostgresUrl') || noPsql)(
  'a database server that nobody reaches from here',
  { timeout: 90_000 },
  () => {
    let server: TestServer
    let account: Account
    let aws: FaultProxy
    let p: Place
    beforeAll(async () => {
      server = await motoWithPostgres()
    })
    afterAll(async () => {
      await server?.stop()
    })
    const open = async (): Promise<void> => {
      account = await freshAccount(server.url)
      await hideDatabases(server.url, account.accountId)
      aws = await startProxy(server.url)
      p = await place({ ...account.env, AWS_ENDPOINT_URL: aws.url, INFRA_GRACE_SECONDS: '1' })
    }
    const close = async (): Promise<void> => {
      await p?.remove()
      await aws?.close()
    }
    const ends = async (code: number, ...args: string[]): Promise<Ran> => {
      const r = await p.run(...args)
      expect(r.code, `infra ${args.join(' ')}\n${r.all}`).toBe(code)
      return r
    }
    const tasks = (): number => aws.log.filter((c) => c.op === 'ecs.RunTask').length
    /** What a run of a container needs and must never leave. */
    const left = async (): Promise<readonly string[]> => {
      // The list looks inside the server, too.
      await hideDatabases(server.url, account.accountId, false)
      const { lines } = await listAccount(account)
      await hideDatabases(server.url, account.accountId)
      return lines
    }

    describe('the preset', () => {
      beforeAll(open)
      afterAll(close)

      it('the plan says how it gets in, and what that costs', async () => {
        await ends(0, ...INIT, '--set', ALL_STEPS)
        const { stdout } = await ends(0, 'plan')
        expect(stdout).toMatch(
          /goes a container that runs psql in its network: less than a cent\. What it needs \(a role, .*removed after it/,
        )
        expect((await ends(0, 'plan', '--json')).json<PlanJson>().databases).toEqual({ via: 'task' })
      })

      it('create --yes ends with all steps done', async () => {
        const r = await ends(0, 'create', '--yes')
        expect(r.stdout).toContain('autoscaling and monitoring done in')
        expect(tasks()).toBeGreaterThan(0)
        const { stdout } = await ends(0, 'status')
        expect(stdout).toMatch(/databases +✓ done +4\/4 +verified task \d{4}-\d\d-\d\d/)
        expect(stdout).toContain('10 of 10 steps done')
        expect((await left()).filter((line) => /database-task/.test(line))).toEqual([])
      })

      it('what is inside is as wanted, for those who look from inside', async () => {
        const { via, verified } = (await ends(0, 'db', 'verify', '--json')).json<{ via: string; verified: boolean }>()
        expect({ via, verified }).toEqual({ via: 'task', verified: true })
      })

      it('a second create changes nothing and starts no container; plan and drift do not wait for the address again', async () => {
        aws.clear()
        expect((await ends(0, 'create', '--yes')).stdout).toContain('Nothing to do')
        const silent = await readFile(join(p.dir, '.cache', 'unreachable.json'), 'utf8')
        expect((await ends(0, 'plan')).stdout).toContain('the way in (task) costs time; infra db verify takes it')
        await ends(0, 'drift')
        expect(aws.changing()).toEqual([])
        // Written once: an address that is tried again is written again.
        expect(await readFile(join(p.dir, '.cache', 'unreachable.json'), 'utf8')).toBe(silent)
      })

      it('a stream is refused with what would make it possible', async () => {
        expect((await ends(2, 'db', 'connect', 'startupwebapp_prod')).stderr).toMatch(
          /Nothing leads into the database server: it has no public address and does not answer from here; a container carries no stream\.\nNext: .*bastion/,
        )
      })

      it('a run that is killed while its container works: the next one ends it, and nothing is left', async () => {
        await ends(0, 'init', '--set', 'databases.names=[startupwebapp_prod, healthtech_experiment, fintech_experiment, edtech]')
        const running = p.start('create', 'databases', '--yes')
        aws.after = async (call) => {
          if (call.op !== 'ecs.RunTask') return undefined
          running.kill('SIGKILL')
          await running.done
          return 'drop'
        }
        expect((await running.done).code).not.toBe(0)
        aws.after = undefined
        const cut = Object.values((await p.state()).resources).filter((r) => r.step === 'databases-task')
        expect(cut.length).toBe(4)
        await ends(0, 'create', '--yes')
        expect((await ends(0, 'db', 'verify')).stdout).toMatch(/edtech +belongs to django_app/)
        expect((await left()).filter((line) => /database-task/.test(line))).toEqual([])
      })

      it('once the server answers, from another network, it is spoken to directly', async () => {
        await hideDatabases(server.url, account.accountId, false)
        // A VPN has come up that changes no address of this machine: --via direct tries at once, and from then on it counts.
        expect((await ends(0, 'db', 'list', '--via', 'direct')).stdout).toContain('looked at: direct')
        expect((await ends(0, 'db', 'verify', '--json')).json<{ via: string }>().via).toBe('direct')
        await hideDatabases(server.url, account.accountId)
      })

      it('destroy leaves nothing', async () => {
        await ends(0, 'destroy', '--yes', '--confirm', 'startupwebapp', '--skip-final-snapshot')
        // A secret stays for its recovery window.
        expect((await left()).filter((line) => !/^secret .*"deleted":true/.test(line))).toEqual([])
      })
    })

    describe('a network of others without a way out', () => {
      let network: string
      beforeAll(async () => {
        await open()
        const ec2 = new EC2.EC2Client(clientConfig(account))
        const VpcId = (await ec2.send(new EC2.CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }))).Vpc?.VpcId ?? ''
        const subnets: string[] = []
        for (const [i, AvailabilityZone] of ['us-east-1a', 'us-east-1b'].entries()) {
          const wish = { VpcId, AvailabilityZone, CidrBlock: `10.9.${i}.0/24` }
          subnets.push((await ec2.send(new EC2.CreateSubnetCommand(wish))).Subnet?.SubnetId ?? '')
        }
        network = `vpc={ mode: existing, id: ${VpcId}, privateSubnetIds: [${subnets.join()}] }`
        ec2.destroy()
      })
      afterAll(close)

      it.each([
        ['not set', 'databases.names=[shop]'],
        ['task', 'databases.via=task'],
      ])('with databases.via %s the plan is refused before anything is made', async (_, setting) => {
        const steps = 'steps=[vpc, security-groups, secrets, rds, databases]'
        await ends(0, ...INIT, '--set', network, '--set', steps, '--set', setting)
        aws.clear()
        for (const args of [['plan'], ['create', '--yes']]) {
          const { stderr } = await ends(2, ...args)
          expect(stderr).toMatch(
            /Nothing leads into the database server: .*no subnet of vpc-\w+ has a route to the internet\.\nNext: .*a NAT gateway/,
          )
        }
        expect(aws.changing()).toEqual([])
        await rm(join(p.dir, 'infra.yaml'))
      })
    })
  },
)
