import { describe, expect, it } from 'vitest'
import type { Aws } from '../../../src/aws/clients.ts'
import { beginRotation, finishRotation, progressOf, type Rotation } from '../../../src/aws/rotation.ts'
import { passwordVariable } from '../../../src/database/script.ts'
import { taskEnvironment } from '../../../src/database/task-environment.ts'
import { fakeAws } from '../../support/models/fake.ts'

const APP: Rotation = { secret: 'shop/db', key: 'password', of: 'app' }
const MASTER: Rotation = { secret: 'shop/db', key: 'master_password', of: 'master' }
const FIRST = { host: 'db', password: 'old', master_password: 'oldmaster' }

interface Version {
  readonly id: string
  readonly text: string
  stages: string[]
}

/** As long as AWS wants it. */
const versionId = (name: string): string => name.padEnd(32, '-')

/** A secret as Secrets Manager keeps it: a label is on one version, and AWSCURRENT moves only from where one says that it is. */
const secret = (first: object = FIRST) => {
  const versions: Version[] = [{ id: versionId('first'), text: JSON.stringify(first), stages: ['AWSCURRENT'] }]
  const log: string[] = []
  const on: { before?: (operation: string, nth: number) => void; lose?: string; byAws?: boolean } = {}
  const at = (stage: string) => versions.find((v) => v.stages.includes(stage))
  const move = (stage: string, to: Version | undefined): void => {
    for (const v of versions) v.stages = v.stages.filter((s) => s !== stage)
    to?.stages.push(stage)
  }
  const put = (text: string, stages: readonly string[], name = `v${versions.length}`): void => {
    const made: Version = { id: versionId(name), text, stages: [] }
    versions.push(made)
    for (const stage of stages) move(stage, made)
  }
  type Input = Record<string, string> & { VersionStages?: string[] }
  const answer = (operation: string, input: Input): object => {
    if (operation === 'DescribeSecret')
      return { VersionIdsToStages: Object.fromEntries(versions.map((v) => [v.id, v.stages])), RotationEnabled: on.byAws }
    if (operation === 'GetSecretValue')
      return { SecretString: (input.VersionId ? versions.find((v) => v.id === input.VersionId) : at('AWSCURRENT'))?.text }
    if (operation === 'PutSecretValue') {
      put(input.SecretString ?? '', input.VersionStages ?? ['AWSCURRENT'], input.ClientRequestToken)
      return {}
    }
    const holder = at(input.VersionStage ?? '')
    if (holder?.id !== input.RemoveFromVersionId)
      throw Object.assign(new Error('not there'), { name: 'InvalidParameterException' })
    move(
      input.VersionStage ?? '',
      versions.find((v) => v.id === input.MoveToVersionId),
    )
    return {}
  }
  const send = async (operation: string, input: Input): Promise<object> => {
    log.push(operation)
    on.before?.(operation, log.filter((o) => o === operation).length)
    const given = answer(operation, input)
    if (on.lose === operation) {
      on.lose = ''
      throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
    }
    return given
  }
  const aws: Pick<Aws, 'secretsManager'> = fakeAws({ secretsManager: send })
  const values = (stage = 'AWSCURRENT'): Record<string, unknown> => JSON.parse(at(stage)?.text ?? '{}')
  return { aws, on, log, put, values, at }
}

describe('a rotation', () => {
  it('puts the new password into a version that does not count, and then lets it count', async () => {
    const { aws, values, at, log } = secret()
    expect(await progressOf(aws, APP)).toBe('none')
    await beginRotation(aws, APP)
    expect(values()).toEqual(FIRST)
    expect(await progressOf(aws, APP)).toBe('pending')
    const pending = values('AWSPENDING').password
    await finishRotation(aws, APP)
    expect(values()).toEqual({ ...FIRST, password: pending })
    expect(at('AWSPENDING')).toBeUndefined()
    expect(await progressOf(aws, APP)).toBe('none')
    expect(log.filter((o) => o === 'PutSecretValue')).toHaveLength(1)
    expect(at('AWSCURRENT')?.id).toMatch(/^.{32,64}$/)
  })

  it('keeps what others write at any moment before it counts', async () => {
    for (const nth of [1, 2]) {
      const { aws, on, put, values, at } = secret()
      await beginRotation(aws, APP)
      const pending = values('AWSPENDING').password
      on.before = (operation, n) => {
        if (operation === 'GetSecretValue' && n === nth + 1) put(JSON.stringify({ ...FIRST, key: nth }), ['AWSCURRENT'])
      }
      await finishRotation(aws, APP)
      expect(values()).toEqual({ ...FIRST, password: pending, key: nth })
      expect(at('AWSPENDING')).toBeUndefined()
    }
  })

  it('a write just before the label moves makes AWS refuse, and is merged', async () => {
    const { aws, on, put, values } = secret()
    await beginRotation(aws, APP)
    on.before = (operation, n) => {
      if (operation === 'UpdateSecretVersionStage' && n === 1) put(JSON.stringify({ ...FIRST, host: 'other' }), ['AWSCURRENT'])
    }
    await finishRotation(aws, APP)
    expect(values()).toMatchObject({ host: 'other', password: expect.stringMatching(/^\w{32}$/) })
  })

  it('gives up where somebody writes all the time, and says so; nothing is lost', async () => {
    const { aws, on, put, values } = secret()
    await beginRotation(aws, APP)
    const pending = values('AWSPENDING').password
    on.before = (operation, n) => {
      if (operation === 'UpdateSecretVersionStage' || (operation === 'DescribeSecret' && n > 1))
        put(JSON.stringify({ ...FIRST, n }), ['AWSCURRENT'])
    }
    await expect(finishRotation(aws, APP)).rejects.toThrow()
    expect(values('AWSPENDING').password).toBe(pending)
  })

  it.each(['UpdateSecretVersionStage', 'PutSecretValue'])('a lost answer to %s is looked after', async (operation) => {
    const { aws, on, values, at } = secret()
    on.lose = operation
    await beginRotation(aws, APP).catch(() => undefined)
    expect(await progressOf(aws, APP)).toBe('pending')
    await finishRotation(aws, APP)
    expect(values().password).toMatch(/^\w{32}$/)
    expect(at('AWSPENDING')).toBeUndefined()
  })

  it('knows whose work it finds', async () => {
    const { aws, put } = secret()
    await beginRotation(aws, MASTER)
    expect(await progressOf(aws, APP)).toBe('other')
    expect(await progressOf(aws, MASTER)).toBe('pending')
    put(JSON.stringify(FIRST), ['AWSPENDING'], 'of-somebody')
    await expect(progressOf(aws, APP)).rejects.toMatchObject({ exitCode: 2, next: expect.stringContaining('of-somebody') })
    // A label that AWS leaves on the version that counts is in nobody's way.
    put(JSON.stringify(FIRST), ['AWSPENDING', 'AWSCURRENT'], 'both')
    expect(await progressOf(aws, APP)).toBe('none')
  })

  it('keeps away from a secret that AWS rotates, and from one that lacks the password', async () => {
    const { aws, on } = secret()
    on.byAws = true
    await expect(progressOf(aws, APP)).rejects.toMatchObject({
      exitCode: 2,
      what: expect.stringContaining('AWS rotates the secret'),
    })
    await expect(progressOf(secret({ host: 'db' }).aws, APP)).rejects.toMatchObject({
      exitCode: 2,
      what: 'The secret shop/db has no password',
    })
  })
})

it('a container gets both versions of a password, each by its own name', async () => {
  const at = { secret: 'arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf', key: 'password' }
  const next = { ...at, stage: 'AWSPENDING' } as const
  const server = { id: 'db', engine: 'postgres', host: '127.0.0.1', port: 5432, secret: at.secret } as const
  const { secrets } = await taskEnvironment(server, [at, next])
  expect(secrets[passwordVariable(at)]).toBe(`${at.secret}:password::`)
  expect(secrets[passwordVariable(next)]).toBe(`${at.secret}:password:AWSPENDING:`)
})
