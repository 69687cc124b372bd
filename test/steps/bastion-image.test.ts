import { describe, expect, it } from 'vitest'
import { askLookups, factsAfter, offlineLookups } from '../../src/session/lookups.ts'
import type { Session } from '../../src/session/session.ts'
import type { Facts } from '../../src/state/memory.ts'
import { read } from '../config/support/read.ts'

const STEPS = 'steps: [vpc, security-groups, secrets, rds, bastion]'
const config = (type?: string) =>
  read(
    `project: shop\nregion: us-east-1\nrds: { version: "16.4" }\n${type ? `bastion: { instanceType: ${type} }\n` : ''}${STEPS}`,
  )

/** A session that knows these answers and these rows, in an account with one image for each architecture. */
const session = (facts: Facts, rows: readonly string[], type?: string) => {
  const asked: string[] = []
  const ssm = async (_: string, { Name }: { Name: string }) => {
    asked.push(Name)
    return { Parameter: { Value: Name.endsWith('arm64') ? 'ami-arm' : 'ami-x86' } }
  }
  const state = {
    services: {},
    facts: { zones: ['us-east-1a', 'us-east-1b'], ...facts },
    row: (key: string) => (rows.includes(key) ? { adopted: true } : undefined),
  }
  const s = { config: config(type), state, aws: { ssm }, caller: { account: '1', partition: 'aws' } } as unknown as Session
  return { s, asked }
}
const imageOf = async (facts: Facts, rows: readonly string[], steps: readonly string[], type?: string) => {
  const { s, asked } = session(facts, [...rows, 'db-instance'], type)
  return { image: (await askLookups(s, { steps })).bastionImage, asked: asked.length }
}
const of = (facts: Facts) => ({ facts, services: {} })
const recorded = { bastionImage: { architecture: 'arm64', id: 'ami-old' } }

describe('the image of the bastion', () => {
  it.each<[string, Facts, string[], string[], string, number]>([
    ['is asked for a new one', {}, [], ['bastion'], 'ami-arm', 1],
    ['is the newest for one that was destroyed', recorded, [], ['bastion'], 'ami-arm', 1],
    ['stays that of one that is there', recorded, ['bastion'], ['bastion'], 'ami-old', 0],
    ['is asked for one that is there when none is recorded (the state was lost)', {}, ['bastion'], ['bastion'], 'ami-arm', 1],
    ['is not asked for when another step is wanted', {}, [], ['rds'], 'ami-00000000000000000', 0],
  ])('%s', async (_, facts, rows, steps, image, asked) => {
    expect(await imageOf(facts, rows, steps)).toEqual({ image, asked })
  })

  it('of another architecture does not fit', async () => {
    expect(await imageOf(recorded, ['bastion'], ['bastion'], 't3.micro')).toEqual({ image: 'ami-x86', asked: 1 })
    expect(offlineLookups(config('t3.micro'), of(recorded), '1').bastionImage).toBe('ami-00000000000000000')
    expect(offlineLookups(config(), of(recorded), '1').bastionImage).toBe('ami-old')
  })

  it('is recorded with its architecture; a stand-in is not', () => {
    const { s } = session({}, [])
    const at = offlineLookups(s.config, of({}), '1')
    const written = [factsAfter(s.config, { ...at, bastionImage: 'ami-arm' }, {}), factsAfter(s.config, at, {})]
    expect(written.map((w) => w.bastionImage)).toEqual([{ architecture: 'arm64', id: 'ami-arm' }, undefined])
    expect(written.map((w) => w.bastionType)).toEqual(['t4g.micro', undefined])
  })
})

describe('the type of the bastion', () => {
  const typeOf = async (facts: Facts, rows: readonly string[], type?: string) => {
    const { s } = session(facts, [...rows, 'db-instance'], type)
    return (await askLookups(s, { steps: ['bastion'] })).bastionType
  }
  const made = { ...recorded, bastionType: 't4g.small' }

  it.each<[string, Facts, string[], string | undefined, string]>([
    ['of a new one has 1 GiB of memory', {}, [], undefined, 't4g.micro'],
    ['of one that an earlier version made stays as it is', recorded, ['bastion'], undefined, 't4g.nano'],
    ['of one that is there stays as it is', made, ['bastion'], undefined, 't4g.small'],
    ['of one that was destroyed does not come back', made, [], undefined, 't4g.micro'],
    ['is that of the config where it says so', made, ['bastion'], 't3.micro', 't3.micro'],
  ])('%s', async (_, facts, rows, type, wanted) => {
    expect(await typeOf(facts, rows, type)).toBe(wanted)
  })

  it('is known without asking anybody, too', () => {
    expect(offlineLookups(config(), of({}), '1').bastionType).toBe('t4g.micro')
    expect(offlineLookups(config(), of(recorded), '1').bastionType).toBe('t4g.nano')
  })
})
