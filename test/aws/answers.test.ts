import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { VAGUE, WORDS } from '../../src/aws/answer-words.ts'
import { type Answer, CODES } from '../../src/aws/answers.ts'
import { codeOf, decide, outcomeUnknown } from '../../src/aws/trouble.ts'
import { awsError } from '../kinds/support/cloud.ts'
import { FOLDERS, serviceModel } from '../support/models/model.ts'
import { COMMON_CODES, EC2_CODES, EC2_SERVER_CODES } from './ec2-codes.ts'
import { RECORDED } from './recorded.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const services = `${root}/src/aws/services`

/** Where our name of a service is not the one that requests are signed for. */
const SIGNED: Readonly<Record<string, string>> = {
  autoscaling: 'application-autoscaling',
  cloudwatch: 'monitoring',
  elb: 'elasticloadbalancing',
}
/** Our name of it, as calls have it. */
const OURS: Readonly<Record<string, string>> = {
  autoscaling: 'autoScaling',
  cloudwatch: 'cloudWatch',
  secretsmanager: 'secretsManager',
}

/** Every error that AWS's models declare for an operation that src calls. */
const declared = readdirSync(services)
  .map((file) => file.replace('.ts', ''))
  .filter((name) => !name.endsWith('-types'))
  .flatMap((name) => {
    const model = serviceModel(root, SIGNED[name] ?? name)
    if (!model) throw new Error(`no model of ${name}`)
    const operations = readFileSync(`${services}/${name}.ts`, 'utf8').match(/\w+(?=Command\b)/g) ?? []
    return operations.flatMap((operation) => {
      const known = model.operations[operation]
      if (!known) throw new Error(`the model of ${name} has no ${operation}`)
      return known.errors.map((shape) => {
        const { code = shape, status = 400, fault = false } = model.errors[shape] ?? {}
        return { call: `${OURS[name] ?? name}.${operation}`, shape, code, status, fault }
      })
    })
  })

/** As the SDK hands it on where no word decides. */
const plain = (name: string, status = 400): Error => awsError(name, '', status)

describe("AWS's models", () => {
  it('declare hundreds of errors for the operations that we call', () => {
    expect(declared.length).toBeGreaterThan(700)
    expect(new Set(declared.map((d) => d.code)).size).toBeGreaterThan(150)
  })

  it('declare none that is left to chance', () => {
    const open = declared.filter(({ call, code, status }) => {
      const by = decide(plain(code, status), call)?.by
      return by === undefined || by === 'rest' || (by === 'status' && status !== 429)
    })
    expect(open.map(({ call, code }) => `${call} ${code}`)).toEqual([])
  })

  it('say the same by the name of the shape, which the SDK takes, as by the code of the wire', () => {
    const apart = declared.filter(
      ({ call, code, shape, status }) => decide(plain(code, status), call)?.answer !== decide(plain(shape, status), call)?.answer,
    )
    expect(apart.map(({ shape, code }) => `${shape} ${code}`)).toEqual([])
  })

  it('call some errors faults of the server: those are unknown outcomes, or throttling', () => {
    const wrong = declared.filter(
      ({ call, code, fault, status }) =>
        fault && !/^(unknown-outcome|throttled)$/.test(decide(plain(code, status), call)?.answer ?? ''),
    )
    expect(wrong.map(({ call, code }) => `${call} ${code}`)).toEqual([])
  })
})

it('the codes of EC2 are all known', () => {
  const open = EC2_CODES.filter((code) => decide(plain(code)) === undefined)
  // What is left is about features that no stack of ours has.
  expect(open).toEqual([
    'DisallowedForDedicatedTenancyNetwork',
    'FleetNotInModifiableState',
    'HostAlreadyCoveredByReservation',
    'IdempotentInstanceTerminated',
    'InaccessibleStorageLocation',
    'InstanceAlreadyLinked',
    'LegacySecurityGroup',
    'NonEBSInstance',
    'NotExportable',
    'ReservedInstancesUnavailable',
    'ScheduledInstanceSlotNotOpen',
    'ScheduledInstanceSlotUnavailable',
    'SnapshotCopyUnsupported.InterRegion',
    'UnavailableHostRequirements',
  ])
  expect(EC2_SERVER_CODES.map((code) => decide(plain(code, code === 'RequestLimitExceeded' ? 503 : 500))?.answer)).toEqual([
    ...Array<Answer>(6).fill('capacity'),
    'unknown-outcome',
    'unknown-outcome',
    'throttled',
    'unknown-outcome',
    'unknown-outcome',
  ])
})

it('a machine that is not to be had is no lost answer, although EC2 says it with 500', () => {
  expect(outcomeUnknown(awsError('InsufficientInstanceCapacity', 'We currently do not have sufficient capacity', 500))).toBe(
    false,
  )
})

describe('the table', () => {
  const listed = Object.values(CODES).flat()

  it('has each code once', () => {
    expect(listed.filter((code, n) => listed.indexOf(code) !== n)).toEqual([])
  })

  it('has no code that nobody answers with', () => {
    const answered = new Set(
      [
        ...Object.keys(FOLDERS).flatMap((service) =>
          Object.entries(serviceModel(root, service)?.errors ?? {}).flatMap(([shape, { code }]) => [shape, code]),
        ),
        ...EC2_CODES,
        ...COMMON_CODES,
      ].map((code) => codeOf(plain(code)).replace(/^WAF(?=[A-Z])/, '')),
    )
    const stale = [...listed, ...VAGUE].filter((code) => !answered.has(code))
    expect(stale).toEqual([])
  })

  it('has no words that nobody said', () => {
    const said = RECORDED.map(([, , message]) => message)
    expect(WORDS.filter(([words]) => !said.some((message) => words.test(message))).map(([words]) => words.source)).toEqual([])
  })
})

describe('what AWS was recorded to say', () => {
  it.each(RECORDED)('%s: %s "%s" is %s', (call, code, message, answer, status) => {
    expect(decide(awsError(code, message, status), call || undefined)?.answer).toBe(answer)
  })
})
