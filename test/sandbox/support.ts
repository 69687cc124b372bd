import { connect } from 'node:net'
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch'
import { CreateSubnetCommand, CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2'
import { ECSClient } from '@aws-sdk/client-ecs'
import { IAMClient } from '@aws-sdk/client-iam'
import { CreateDBSubnetGroupCommand, RDSClient } from '@aws-sdk/client-rds'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SNSClient } from '@aws-sdk/client-sns'
import { SSMClient } from '@aws-sdk/client-ssm'
import pg from 'pg'
import type { Credentials } from '../../src/sandbox/credentials.ts'
import { clientConfig, freshAccount } from '../support/account.ts'

/** Clients of all services in an account of its own. */
export async function clients(url: string, keys?: Credentials) {
  const account = await freshAccount(url, keys)
  const config = clientConfig(account)
  return {
    accountId: account.accountId,
    config,
    ec2: new EC2Client(config),
    rds: new RDSClient(config),
    iam: new IAMClient(config),
    ecs: new ECSClient(config),
    ssm: new SSMClient(config),
    secrets: new SecretsManagerClient(config),
    sns: new SNSClient(config),
    cloudwatch: new CloudWatchClient(config),
  }
}

export type Clients = Awaited<ReturnType<typeof clients>>

/** The value, where the SDK's types say that it may be missing. */
export function given<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('AWS gave no value where one was expected')
  return value
}

/** "Code: message" of the error that the call must end with; 'no error' when it passes. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  return await call.then(
    () => 'no error',
    (error: Error) => `${error.name}: ${error.message}`,
  )
}

export const tagged = <T extends string>(ResourceType: T, Value = 'startupwebapp/production') => [
  { ResourceType, Tags: [{ Key: 'infra:stack', Value }] },
]

export async function vpcWithSubnets({ ec2 }: Clients, zones = ['us-east-1a', 'us-east-1b']) {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16', TagSpecifications: tagged('vpc') }))
  const VpcId = given(Vpc?.VpcId)
  const subnets: string[] = []
  for (const [i, AvailabilityZone] of zones.entries()) {
    const wish = { VpcId, AvailabilityZone, CidrBlock: `10.0.${i}.0/24`, TagSpecifications: tagged('subnet') }
    subnets.push(given((await ec2.send(new CreateSubnetCommand(wish))).Subnet?.SubnetId))
  }
  return { VpcId, subnets, first: given(subnets[0]) }
}

export async function subnetGroup(aws: Clients, SubnetIds: string[], DBSubnetGroupName = 'shop') {
  await aws.rds.send(new CreateDBSubnetGroupCommand({ DBSubnetGroupName, DBSubnetGroupDescription: 'd', SubnetIds }))
  return DBSubnetGroupName
}

/** A database that AWS would accept. */
export const database = {
  DBInstanceIdentifier: 'shop-db',
  DBInstanceClass: 'db.t4g.micro',
  Engine: 'postgres',
  EngineVersion: '16',
  AllocatedStorage: 20,
  StorageType: 'gp3',
  MasterUsername: 'shop',
  MasterUserPassword: 'correct-horse-battery',
}

/** Asks again every 30 ms until the answer is as wished; the last answer after `seconds`. */
export async function until<T>(ask: () => Promise<T>, wished: (answer: T) => boolean, seconds = 20): Promise<T> {
  for (const deadline = Date.now() + seconds * 1000; ; ) {
    const answer = await ask()
    if (wished(answer) || Date.now() > deadline) return answer
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}

/** One query on a connection of its own. */
export async function query(config: pg.ClientConfig, text: string): Promise<pg.QueryResult['rows']> {
  const client = new pg.Client(config)
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

/** Whether somebody listens on that port of this machine. */
export const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
