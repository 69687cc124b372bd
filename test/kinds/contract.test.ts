import { describe, expect, it } from 'vitest'
import { KEY_TAG, ownerOf, STACK_TAG } from '../../src/aws/tags.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { differing } from '../../src/engine/compare.ts'
import type { AnySeen, Present, Tags } from '../../src/engine/kind.ts'
import { kinds } from '../../src/kinds/index.ts'
import { fixtures } from './fixtures/index.ts'
import { aws, awsError, cloud, stamp } from './support/cloud.ts'
import { aboutOthers } from './support/fixture.ts'

const present = (seen: AnySeen): Present => {
  if (seen.is === 'absent') return expect.fail('it is there, and was not seen')
  return seen
}
const ready = (seen: AnySeen): Present => {
  expect(seen.is).toBe('ready')
  return present(seen)
}
/** The creates for which AWS takes a client token. */
const TOKEN_TAKERS = ['CreateRouteTable', 'CreateNatGateway', 'CreateSecret', 'RunInstances', 'CreateService']
/**
 * It reads its master password; it is merged into what its secret holds; its image says what the root volume is called; RDS knows
 * the address of the server.
 */
const LOOKS_BEFORE_WRITING = new Set([
  ...['rds.db-instance', 'secretsmanager.secret-field', 'ec2.instance'],
  ...['sql.role', 'sql.database'],
])

/** It belongs to a service, which has tags: whose that is, it is. */
const TELLS_NO_TAGS = new Set(['autoscaling.target'])

/** What answers with one thing by its whole address has nothing that could be compared. */
const PROVES_BY_ITS_PLACE: Readonly<Record<string, string>> = {
  'sns.topic': 'the list of its subscriptions does not name it; it is asked for by its whole ARN',
}

it('every kind has a fixture', () => {
  expect(fixtures.map((f) => f.kind.type).sort()).toEqual(kinds.map((k) => k.type).sort())
})

describe.each(fixtures.map((f) => [f.kind.type, f] as const))('%s', (_, fixture) => {
  const { kind, want, attrs, there, nothing } = fixture
  const { iam } = kind.facts
  const ours = stamp.tags

  describe('observe', () => {
    it.each([
      ['without knowing anything', {}, undefined],
      ['knowing what is wanted', want, undefined],
      ['with a recorded id', want, attrs],
      ['with nothing but a recorded id', {}, attrs],
    ])('is absent where nothing exists, %s', async (_, wanted, last) => {
      const account = cloud(nothing)
      expect((await kind.observe(aws, stamp, wanted, last)).is).toBe('absent')
      expect(account.writes).toEqual([])
      expect(iam.observe).toEqual(expect.arrayContaining([...account.actions]))
    })

    it.each([
      ['by recorded id', want, attrs, ours],
      ['by nothing but the recorded id', {}, attrs, ours],
      ['by name, natural key or tag after a crash', want, undefined, ours],
      ['by recorded id when its tags were taken off', want, attrs, {}],
    ])('finds it %s', async (_, wanted, last, tags) => {
      const account = cloud(there(tags))
      const seen = ready(await kind.observe(aws, stamp, wanted, last))
      expect(seen.attrs).toEqual(attrs)
      expect(seen.foreign).toBeUndefined()
      expect(account.writes).toEqual([])
      expect(iam.observe).toEqual(expect.arrayContaining([...account.actions]))
    })

    // A filter that was sent proves nothing: what comes back is compared with what was asked for.
    const looks: [string, JsonObject | undefined][] = [['by recorded id', attrs]]
    if (kind.facts.found === 'name') looks.push(['by name', undefined])
    it.each(looks)('takes no other thing for it, looked for %s', async (_, last) => {
      const asked = Object.values(attrs).filter((value) => typeof value === 'string')
      cloud(aboutOthers(there(ours), fixture.nameless ? asked : [...asked, stamp.name]))
      const seen = await kind.observe(aws, stamp, want, last)
      if (kind.type in PROVES_BY_ITS_PLACE) expect(seen.is).not.toBe('absent')
      else expect(seen).toMatchObject({ is: 'absent' })
    })

    it('reads back every prop, as it is wanted, so that a second run changes nothing', async () => {
      cloud(there(ours))
      const { props } = ready(await kind.observe(aws, stamp, want, attrs))
      expect(differing(props, want)).toEqual([])
      expect(Object.keys(want).filter((k) => props?.[k] === undefined && !(k in fixture.unread))).toEqual([])
      expect(Object.keys(fixture.unread).filter((k) => props?.[k] !== undefined)).toEqual([])
    })

    it('shows a delete and the wait for its end the same, with fewer calls', async () => {
      const whole = cloud(there(ours))
      const all = ready(await kind.observe(aws, stamp, want, attrs))
      const before = cloud(there(ours))
      const owner = ready(await kind.observe(aws, stamp, want, attrs, 'owner'))
      const after = cloud(there(ours))
      const presence = ready(await kind.observe(aws, stamp, want, attrs, 'presence'))
      for (const seen of [owner, presence]) {
        expect(all.attrs).toMatchObject(seen.attrs)
        expect(seen.guarded).toBe(all.guarded)
        expect(all.props).toMatchObject(seen.props ?? {})
      }
      if (kind.tag && !TELLS_NO_TAGS.has(kind.type)) expect(owner.tags).toMatchObject(ours)
      expect(after.sent.length).toBeLessThanOrEqual(whole.sent.length)
      expect(iam.observe).toEqual(expect.arrayContaining([...before.actions, ...after.actions]))
      cloud(nothing)
      for (const depth of ['owner', 'presence'] as const)
        expect((await kind.observe(aws, stamp, want, attrs, depth)).is).toBe('absent')
    })

    it.each(['props', 'owner', 'presence'] as const)('throws what is no answer about existence, asked for %s', async (depth) => {
      const normal = cloud(there(ours))
      await kind.observe(aws, stamp, want, undefined, depth)
      for (const operation of new Set(normal.sent.map(([name]) => name))) {
        for (const name of [
          'AccessDenied',
          'UnauthorizedOperation',
          'AuthorizationErrorException',
          'Throttling',
          'InternalFailure',
        ]) {
          for (const last of [undefined, attrs]) {
            const look = cloud({ ...there(ours), [operation]: awsError(name) })
            const seen = await kind.observe(aws, stamp, want, last, depth).catch((error: Error) => error.name)
            const asked = look.sent.some(([sent]) => sent === operation)
            if (operation in fixture.tolerates) expect(seen).toMatchObject({ is: 'ready' })
            else if (asked) expect(seen, `${operation} answered ${name}`).toBe(name)
          }
        }
      }
    })
  })

  const strangers: [string, Tags][] = [
    ['no tags', {}],
    ['tags of another tool', { Name: stamp.name, 'managed-by': 'someone' }],
    ['tags of another stack', { ...ours, [STACK_TAG]: 'shop/prod' }],
    ['tags of another resource of the stack', { ...ours, [KEY_TAG]: 'other-key' }],
  ]
  if (kind.facts.found === 'name' && !fixture.untagged)
    it.each(strangers)('leaves alone what has its name and %s', async (_, tags) => {
      cloud(there(tags))
      const seen = present(await kind.observe(aws, stamp, want, undefined))
      expect(seen.foreign).toMatch(/./)
      if (tags[STACK_TAG] === 'shop/prod') expect(seen.foreign).toContain('shop/prod')
    })

  if (kind.facts.found === 'tag')
    it.each(strangers)('does not find what has %s', async (_, tags) => {
      cloud(there(tags))
      expect((await kind.observe(aws, stamp, want, undefined)).is).toBe('absent')
    })

  describe('create', () => {
    it('sends its calls with tags, name and token, and neither looks nor waits', async () => {
      const account = cloud(fixture.writes)
      const made = await kind.create(aws, want, stamp)
      expect(account.sent).toEqual(fixture.creates)
      expect(made.attrs).toEqual(fixture.made)
      if (!LOOKS_BEFORE_WRITING.has(kind.type)) expect(account.reads).toEqual([])
      const text = JSON.stringify(account.writes)
      const tags = JSON.stringify(fixture.tagsAs(ours))
      if (!fixture.untagged) expect(text).toContain(tags)
      if (kind.facts.found === 'name') expect(text.replace(tags, '')).toContain(JSON.stringify(stamp.name))
      for (const [operation, input] of account.writes)
        if (TOKEN_TAKERS.includes(operation)) expect(Object.values(input)).toContain(stamp.token)
      expect(iam.create).toEqual(expect.arrayContaining([...account.actions]))
    })

    it('answers what observe then finds', async () => {
      cloud(fixture.writes)
      const made = await kind.create(aws, want, stamp)
      cloud(there(ours))
      const seen = ready(await kind.observe(aws, stamp, want, made.attrs))
      expect(seen.attrs).toMatchObject(made.attrs)
    })
  })

  describe('change', () => {
    const changes = Object.entries(fixture.changes)
    it('knows of every prop whether it can be changed, cannot, or is never read back', () => {
      const known = [...changes.map(([k]) => k), ...Object.keys(fixture.unread)]
      expect(Object.keys(want).filter((k) => !known.includes(k))).toEqual([])
      expect(kind.facts.immutable?.filter((k) => !known.includes(k)) ?? []).toEqual([])
    })

    if (changes.length > 0)
      it.each(changes)('%s', async (prop, { to, sends, with: shown }) => {
        const wanted = { ...want, [prop]: to }
        cloud(there(ours))
        const seen = ready(await kind.observe(aws, stamp, wanted, attrs))
        expect(differing(seen.props, wanted)).toEqual([prop])
        const fixed = kind.facts.immutable?.includes(prop) ?? false
        expect(fixed, fixed ? 'it is immutable and yet updated' : 'it is neither immutable nor updated').toBe(!sends)
        if (!sends) return
        const account = cloud({ ...fixture.writes, ...shown })
        await kind.update?.(aws, attrs, wanted, [prop])
        expect(account.sent).toEqual(sends)
        expect(iam.update).toEqual(expect.arrayContaining([...account.actions]))
      })

    if (kind.tag && !TELLS_NO_TAGS.has(kind.type))
      it('tells by its tags whose it is, also when its id is recorded', async () => {
        const account = cloud({ ...fixture.writes, ...there({ ...ours, [STACK_TAG]: 'shop/other' }) })
        const { tags } = ready(await kind.observe(aws, stamp, want, attrs, 'owner'))
        expect(tags && ownerOf(tags)).toEqual({ stack: 'shop/other', key: stamp.key })
        expect(iam.observe).toEqual(expect.arrayContaining([...account.actions]))
      })

    if (kind.type.startsWith('ec2.') && kind.tag)
      it('acts on the recorded id alone: another one with the same tags is a stranger', async () => {
        cloud(there(ours))
        const seen = await kind.observe(aws, stamp, want, { ...attrs, id: 'recorded-and-gone' })
        expect(seen.is).toBe('absent')
        if (kind.facts.found === 'tag') expect(seen).toEqual({ is: 'absent', rivals: [attrs.id] })
      })

    if (kind.tag)
      it('tags: sends only the given ones', async () => {
        const account = cloud({ ...there(ours), ...fixture.writes })
        await kind.tag?.(aws, attrs, { Extra: 'yes' })
        expect(account.writes).toHaveLength(1)
        expect(JSON.stringify(account.sent)).toContain(JSON.stringify(fixture.tagsAs({ Extra: 'yes' })))
        expect([...iam.create, ...(iam.update ?? [])]).toEqual(expect.arrayContaining([...account.actions]))
      })
  })

  it('delete asks once, by the recorded id', async () => {
    const account = cloud(fixture.writes)
    expect(await kind.delete(aws, attrs, {})).toBeUndefined()
    expect(account.sent).toEqual(fixture.deletes)
    expect(
      account.sent.filter(([operation]) =>
        /^(Delete|Drop|Release|Revoke|Unsubscribe|Disassociate|Put|Terminate)|^DetachInternet|^DeregisterScalable/.test(
          operation,
        ),
      ),
    ).toHaveLength(1)
    expect(iam.delete).toEqual(expect.arrayContaining([...account.actions]))
  })

  it('states facts that can be used', () => {
    const { facts } = kind
    expect(facts.title).not.toBe('')
    expect(facts.minutes).toBeGreaterThan(0)
    expect(facts.deleteMinutes ?? 1).toBeGreaterThan(0)
    expect(facts.deadline ?? 10).toBeGreaterThan(facts.minutes)
    for (const region of ['us-east-1', 'eu-central-1'])
      for (const props of [want, {}])
        for (const { what, usd } of facts.monthly?.(props, region) ?? []) {
          expect(what).toMatch(/./)
          expect(Number.isFinite(usd) && usd >= 0, `${what}: ${usd}`).toBe(true)
        }
    const prefixes: Record<string, string[]> = {
      rds: ['rds', 'secretsmanager', 'iam'],
      iam: ['iam', 'rds'],
      // What holds a network interface may be a load balancer.
      ec2: ['ec2', 'ssm', 'iam', 'elasticloadbalancing'],
      // A service that does not come up is explained: its log lines, its secrets.
      ecs: ['ecs', 'iam', 'logs', 'secretsmanager'],
      elb: ['elasticloadbalancing', 'iam'],
      autoscaling: ['application-autoscaling', 'cloudwatch', 'ecs', 'iam'],
      sql: ['rds', 'secretsmanager'],
    }
    const service = kind.type.split('.')[0] ?? ''
    for (const action of Object.values(facts.iam).flat()) {
      expect(action).toMatch(/^[a-z0-9-]+:[A-Z][A-Za-z]+$/)
      expect(prefixes[service] ?? [service]).toContain(action.split(':')[0])
    }
    expect(new Set(kinds.map((k) => k.type)).size).toBe(kinds.length)
  })
})
