import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { mockClient } from 'aws-sdk-client-mock'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { KEY_TAG, STACK_TAG } from '../../src/aws/tags.ts'
import { bastionCommand } from '../../src/commands/sleep/bastion.ts'
import { InfraError } from '../../src/core/errors.ts'
import { machine, reservations, running } from '../kinds/fixtures/ec2-instance.ts'
import { type Cloud, cloud } from '../kinds/support/cloud.ts'
import { checkInput } from '../support/models/watch.ts'

mockClient(STSClient)
  .on(GetCallerIdentityCommand)
  .callsFake((input) => {
    checkInput('sts', 'GetCallerIdentity', input)
    return { Account: '111122223333', Arn: 'arn:aws:iam::111122223333:user/me' }
  })

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'infra-bastion-'))
  process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:1'
})
afterEach(async () => {
  delete process.env.AWS_ENDPOINT_URL
  vi.restoreAllMocks()
  await rm(dir, { recursive: true, force: true })
})

const row = {
  type: 'ec2.instance',
  step: 'bastion',
  name: 'shop-dev-bastion',
  is: 'ready',
  want: machine,
  attrs: { id: 'i-1' },
  deps: [],
  token: 't',
  at: '2026-11-22T00:00:00.000Z',
}
const place = async (resources: object = { bastion: row }, steps = ''): Promise<string> => {
  const config = join(dir, 'infra.yaml')
  await writeFile(config, `project: shop\nregion: us-east-1\n${steps}`)
  await mkdir(join(dir, 'state'), { recursive: true })
  const head = { format: 1, project: 'shop', environment: 'dev', account: '111122223333', region: 'us-east-1', sandbox: false }
  await writeFile(join(dir, 'state', 'dev.json'), JSON.stringify({ ...head, lineage: 'l', serial: 1, lookups: {}, resources }))
  return config
}

const Tags = [
  { Key: STACK_TAG, Value: 'shop/dev' },
  { Key: KEY_TAG, Value: 'bastion' },
]

/** An instance that goes through these states: one look each, the last one stays. A `+` behind a state: its agent is online. */
const going = (...states: string[]): Cloud => {
  let now = ''
  return cloud({
    DescribeInstances: (input: never) => {
      now = (states.length > 1 ? states.shift() : states[0]) ?? ''
      return reservations({ ...running, Tags, State: { Name: now.replace('+', '') } })(input)
    },
    DescribeInstanceInformation: () => ({
      InstanceInformationList: [{ InstanceId: 'i-1', PingStatus: now.endsWith('+') ? 'Online' : 'ConnectionLost' }],
    }),
    StopInstances: {},
    StartInstances: {},
  })
}

const run = async (verb: string, config: string, flags: object = {}) => {
  let stdout = ''
  const hear = (text: unknown): boolean => {
    stdout += text
    return true
  }
  vi.spyOn(process.stdout, 'write').mockImplementation(hear as never)
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
  const code = await bastionCommand(verb, { config, color: false, ...flags }).catch((e: unknown) => e)
  return { code, stdout, error: code as InfraError }
}
/** What is asked of AWS and in which order, as far as the bastion itself goes; `look` for each look at it. */
const order = (account: Cloud): string[] =>
  account.sent.flatMap(([operation]) =>
    operation === 'DescribeInstances' ? ['look'] : operation === 'DescribeInstanceInformation' ? [] : [operation],
  )

describe('infra bastion stop', () => {
  it('stops it, waits, and says what that saves and what still costs', async () => {
    const config = await place()
    const account = going('running+', 'stopping', 'stopped')
    const { code, stdout } = await run('stop', config)
    expect(code).toBe(0)
    expect(order(account)).toEqual(['look', 'StopInstances', 'look', 'look'])
    expect(account.writes).toEqual([['StopInstances', { InstanceIds: ['i-1'] }]])
    expect(stdout).toContain('The bastion i-1 is stopped.')
    expect(stdout).toContain('Saves $6.72 a month. Its volume still costs $0.64 (8 GB gp3).')
    expect(stdout).toContain('Its public address was given back')
    expect(stdout).toContain(`infra bastion start --config ${config}`)
  })

  it.each([
    ['whose agent is offline', ['running', 'stopped'], ['look', 'StopInstances', 'look']],
    [
      'that is coming up: EC2 would refuse',
      ['pending', 'pending', 'running', 'stopped'],
      ['look', 'look', 'look', 'StopInstances', 'look'],
    ],
    ['that is going down already', ['stopping', 'stopping', 'stopped'], ['look', 'look', 'look']],
    ['that is stopped already', ['stopped'], ['look']],
  ])('one %s', async (_, states, expected) => {
    const account = going(...states)
    expect((await run('stop', await place())).code).toBe(0)
    expect(order(account)).toEqual(expected)
  })
})

describe('infra bastion start', () => {
  it('starts it and waits for the agent, not only for the machine', async () => {
    const account = going('stopped', 'pending', 'running', 'running+')
    const { code, stdout } = await run('start', await place())
    expect(code).toBe(0)
    expect(order(account)).toEqual(['look', 'StartInstances', 'look', 'look', 'look'])
    expect(stdout).toContain('The bastion i-1 runs, and Systems Manager reaches it.')
    expect(stdout).toContain('Costs $7.36 a month while it runs; $6.72 less when it is stopped.')
  })

  it.each([
    [
      'that is going down: EC2 would refuse',
      ['stopping', 'stopping', 'stopped', 'running+'],
      ['look', 'look', 'look', 'StartInstances', 'look'],
    ],
    ['that is coming up already', ['pending', 'running+'], ['look', 'look']],
    ['that waits for its agent', ['running', 'running+'], ['look', 'look']],
    ['that runs already', ['running+'], ['look']],
  ])('one %s', async (_, states, expected) => {
    const account = going(...states)
    expect((await run('start', await place())).code).toBe(0)
    expect(order(account)).toEqual(expected)
  })

  it('one that is terminated meanwhile is an error, with the way on', async () => {
    going('stopped', 'terminated')
    const { error } = await run('start', await place())
    expect(error).toMatchObject({
      exitCode: 1,
      what: 'The bastion i-1 was terminated meanwhile',
      next: expect.stringContaining('create bastion'),
    })
  })
})

describe('both', () => {
  it.each([
    ['stop', 'stopped', { changed: false, monthlyUsd: 0.64, savesMonthlyUsd: 6.72 }],
    ['start', 'running', { changed: true, monthlyUsd: 7.36, savesMonthlyUsd: 6.72 }],
  ])('%s --json ends with its result', async (verb, state, more) => {
    going('stopped', ...(verb === 'start' ? ['running+'] : []))
    const { stdout } = await run(verb, await place(), { json: true })
    const lines = stdout
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l) as object)
    expect(lines.at(-1)).toEqual({ type: 'result', id: 'i-1', state, ...more })
  })

  it('a type without a price is named', async () => {
    going('stopped')
    const config = await place({ bastion: { ...row, want: { ...machine, instanceType: 'x9.huge' } } })
    expect((await run('stop', config)).stdout).toContain('Saves at least $3.65 a month, not priced: x9.huge.')
  })

  it.each(['stop', 'start'])('%s is refused when none is recorded, and says how to get one', async (verb) => {
    const account = going('stopped')
    const off = await run(verb, await place({}))
    expect(off.error).toMatchObject({ exitCode: 2, what: `There is no bastion to ${verb}` })
    expect(off.error.next).toContain('Add bastion to steps in infra.yaml')
    const on = await run(verb, await place({}, 'steps: [vpc, security-groups, secrets, bastion]'))
    expect(on.error.next).toMatch(/^infra create bastion/)
    expect(account.sent).toEqual([])
  })

  it.each(['terminated', 'shutting-down'])('one that is %s is refused', async (state) => {
    const account = going(state)
    const { error } = await run('stop', await place())
    expect(error).toMatchObject({ exitCode: 2, what: 'The bastion i-1 is gone' })
    expect(account.writes).toEqual([])
  })

  it('another word is refused before anything is asked', async () => {
    const { error } = await run('nap', await place())
    expect(error).toBeInstanceOf(InfraError)
    expect(error).toMatchObject({ exitCode: 2, what: 'infra bastion has no nap' })
  })
})
