import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { clearGround, expectWhole, makeGround } from '../crash-real/expect.ts'
import { CREATE, Home } from '../crash-real/home.ts'
import { runAndKill } from '../crash-real/kill.ts'
import { lag } from '../crash-real/lag.ts'
import { type Ground, type Undisturbed, undisturbed } from '../crash-real/life.ts'
import { eachNth } from '../support/some.ts'

const url = inject('motoUrl')

/** What each service says when an id reaches it before the news of it: of the calls that use what a create has just made. */
const NOT_YET: [op: string, error: string, status?: number][] = [
  ['ec2.ModifyVpcAttribute', 'InvalidVpcID.NotFound'],
  ['ec2.CreateSubnet', 'InvalidVpcID.NotFound'],
  ['ec2.CreateRouteTable', 'InvalidVpcID.NotFound'],
  ['ec2.CreateSecurityGroup', 'InvalidVpcID.NotFound'],
  ['ec2.AttachInternetGateway', 'InvalidInternetGatewayID.NotFound'],
  ['ec2.AssociateRouteTable', 'InvalidSubnetID.NotFound'],
  ['ec2.CreateRoute', 'InvalidRouteTableID.NotFound'],
  ['ec2.AuthorizeSecurityGroupIngress', 'InvalidGroup.NotFound'],
  ['ec2.CreateNatGateway', 'InvalidAllocationID.NotFound'],
  ['rds.CreateDBSubnetGroup', 'InvalidSubnet'],
  ['rds.ModifyDBParameterGroup', 'DBParameterGroupNotFound', 404],
  ['rds.CreateDBInstance', 'DBSubnetGroupNotFoundFault', 404],
  ['iam.AttachRolePolicy', 'NoSuchEntity', 404],
  ['sns.Subscribe', 'NotFound', 404],
]

describe.skipIf(!url)('what was just made is not known everywhere', () => {
  let ground: Ground
  let of: Undisturbed
  let home: Home

  beforeAll(async () => {
    ground = makeGround(url ?? '')
    of = await undisturbed(ground)
  })
  afterAll(() => clearGround(ground))
  beforeEach(async () => {
    home = await Home.open(ground.bin, ground.folder, ground.server)
    home.proxy.clear()
  })
  afterEach(() => home.close())

  it('the first use of every new id is "not found": asked again, the same account', { timeout: 60_000 }, async () => {
    home.proxy.rules = NOT_YET.map(([op, error, status = 400]) => ({
      match: new RegExp(`^${op.replace('.', '\\.')}$`),
      error,
      status,
      message: `The ID does not exist`,
      times: 1,
    }))
    // A secret is looked for before it is made, so only what follows its creation comes too early.
    home.proxy.after = ({ op }) => {
      if (op !== 'secretsmanager.CreateSecret') return
      const match = /^secretsmanager\.(GetSecretValue|PutSecretValue)$/
      home.proxy.rules = [...home.proxy.rules, { match, error: 'ResourceNotFoundException', times: 2 }]
    }
    await expectWhole(home, 'create', CREATE, of)
    for (const [op] of NOT_YET)
      expect(
        home.proxy.log.filter((c) => c.op === op && c.fault),
        op,
      ).toHaveLength(1)
  })

  it.each([
    'IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING',
    'The specified IAM role arn:aws:iam::1:role/rds-monitoring-role cannot be assumed',
  ])('RDS says "%s" three times: asked again', { timeout: 60_000 }, async (message) => {
    home.proxy.rules = [{ match: /^rds\.CreateDBInstance$/, error: 'InvalidParameterValue', message, times: 3 }]
    await expectWhole(home, 'create', CREATE, of)
  })

  it.each(['all', 'tags'] as const)(
    'new things show up late in lists (%s): the same account, with lost answers too',
    { timeout: 90_000 },
    async (what) => {
      home.env.INFRA_GRACE_SECONDS = '8'
      const hidden = lag(home.proxy, 2500, what)
      home.proxy.rules = ['CreateVpc', 'CreateInternetGateway', 'AllocateAddress', 'CreateSubnet', 'CreateNatGateway'].map(
        (op) => ({
          match: new RegExp(`^ec2\\.${op}$`),
          lose: true,
          times: 1,
        }),
      )
      await expectWhole(home, 'create', CREATE, of)
      expect(hidden()).toBeGreaterThan(0)
    },
  )

  it.each(['all', 'tags'] as const)('undisturbed but for the lag (%s): the same account', { timeout: 90_000 }, async (what) => {
    home.env.INFRA_GRACE_SECONDS = '8'
    lag(home.proxy, 1500, what)
    await expectWhole(home, 'create', CREATE, of)
  })

  it.each(eachNth(['ec2.CreateVpc', 'ec2.AllocateAddress', 'ec2.CreateNatGateway', 'ec2.CreateRouteTable'], 2))(
    'killed right after %s, and what it made shows up only during the next run: not made again',
    { timeout: 90_000 },
    async (op) => {
      home.env.INFRA_GRACE_SECONDS = '8'
      lag(home.proxy, 2500, 'all')
      expect(await runAndKill(home, CREATE, { op, nth: 1 }, 'after', 'lands')).toBe(true)
      await expectWhole(home, 'create', CREATE, of)
    },
  )
})
