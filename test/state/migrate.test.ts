import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { statusCommand } from '../../src/commands/stack/status.ts'
import { stateFile } from '../../src/state/checks.ts'
import { localBackend } from '../../src/state/local.ts'
import type { Facts, Services } from '../../src/state/memory.ts'
import { fromFormat1 } from '../../src/state/migrate.ts'
import { readState } from '../../src/state/parse.ts'
import { s3Backend } from '../../src/state/s3.ts'
import type { StateFile } from '../../src/state/schema.ts'
import { StoredState } from '../../src/state/store.ts'
import { away, folder, row, of as shop } from './bundle.ts'
import { bucket } from './objects.ts'

/**
 * Written by infra of 1 December 2026, the last with format 1, on a local AWS. The preset startupwebapp with a bastion and a parameter:
 * after create, two deploys, a scale and a stop; killed while it deployed; killed while it created. And a network whose state is in S3.
 */
const FILES = fileURLToPath(new URL('./format-1/', import.meta.url))
const raw = (name: string): Promise<string> => readFile(join(FILES, name), 'utf8')
const read = async (name: string): Promise<StateFile> => {
  const state = await readState(localBackend(join(FILES, name)))
  if (!state) throw new Error(`no ${name}`)
  return state
}

let dir: string
beforeEach(async () => {
  dir = await folder()
})
afterEach(async () => {
  vi.restoreAllMocks()
  await away(dir)
})

const BY = 'arn:aws:sts::123456789012:user/moto'
const IMAGE = '123456789012.dkr.ecr.us-east-1.amazonaws.com/startupwebapp-backend'
const OVERLAY = {
  image: `${IMAGE}:v2`,
  environment: { LOG_LEVEL: 'debug' },
  since: { image: null, variables: { LOG_LEVEL: null } },
}

describe('a state of format 1', () => {
  it('of a stack that was deployed, scaled and stopped: all that it remembers, each in its place', async () => {
    const state = await read('stopped.json')
    expect(state.facts).toEqual({
      zones: ['us-east-1a', 'us-east-1b'],
      callerCidr: '127.0.0.1/32',
      engineVersion: '16.10',
      parameters: { family: 'postgres16', known: ['log_min_duration_statement'], static: [] },
      bastionType: 't3.micro',
      bastionImage: { architecture: 'x86_64', id: 'ami-0ed094fb1304fd857' },
    })
    const slept = '2026-12-01T03:46:19.585Z'
    expect(state.services).toEqual({
      web: {
        overlay: OVERLAY,
        history: [
          expect.objectContaining({ revision: 'startupwebapp-service-task:3', healthy: true, changes: expect.any(Array) }),
          expect.objectContaining({ revision: 'startupwebapp-service-task:2', from: 'startupwebapp-service-task:1' }),
        ],
        count: { count: 3, since: 2, at: '2026-12-01T03:46:19.181Z', by: BY },
        autoscaling: { min: 1, suspended: { in: false, out: false, scheduled: false }, at: slept },
        sleep: { count: 3, since: 2, set: 3, paused: true, down: true, at: slept, by: BY },
      },
    })
  })

  it('of a deploy that was killed: its rollout is pending still', async () => {
    const { services } = await read('killed-deploy.json')
    expect(services.web?.pending).toMatchObject({
      revision: 'startupwebapp-service-task:4',
      from: 'startupwebapp-service-task:3',
      how: 'deploy',
      before: OVERLAY,
      overlay: { ...OVERLAY, image: `${IMAGE}:v1` },
    })
    expect(services.web).not.toHaveProperty('sleep')
  })

  it('of a create that was killed: the intents stay, and the service waits for its image', async () => {
    const state = await read('killed-create.json')
    expect(Object.values(state.resources).map((r) => r.is)).toContain('creating')
    expect(state.services).toEqual({ web: { awaitsImage: true } })
    expect(state.facts).toMatchObject({ zones: ['us-east-1a', 'us-east-1b'], engineVersion: '16.10' })
  })

  it.each(['stopped', 'killed-deploy', 'killed-create', 'in-a-bucket'])(
    '%s: every row and the head stay as they are; read, nothing is written; the first write has the new format',
    async (name) => {
      const file = join(dir, 'x.json')
      await cp(join(FILES, `${name}.json`), file)
      const text = await raw(`${name}.json`)
      const { lookups, resources, ...head } = JSON.parse(text)
      const state = await StoredState.open(localBackend(file), head)
      expect(Object.fromEntries(state.all())).toEqual(resources)
      await state.update(() => {})
      expect([await readFile(file, 'utf8'), await readdir(dir)]).toEqual([text, ['x.json']])
      await state.put('new', row())
      const now = JSON.parse(await readFile(file, 'utf8'))
      expect(now).toMatchObject({ ...head, format: 2, serial: head.serial + 1 })
      expect(now.resources).toEqual({ ...resources, new: row() })
      expect(now).not.toHaveProperty('lookups')
      expect(JSON.stringify(now)).toContain(JSON.stringify(lookups.zones))
      // It reads as the old one did, and once more.
      const again = await StoredState.open(localBackend(file), head)
      expect([again.facts, again.services]).toEqual([state.facts, state.services])
    },
  )

  it('stays beside the new one for good: an older infra can go back to it', async () => {
    const file = join(dir, 'x.json')
    await cp(join(FILES, 'stopped.json'), file)
    const state = await StoredState.open(localBackend(file), JSON.parse(await raw('stopped.json')))
    await state.put('a', row())
    await state.put('b', row())
    expect((await readdir(dir)).sort()).toEqual(['x.json', 'x.json.backup', 'x.json.format-1'])
    expect(await readFile(`${file}.format-1`, 'utf8')).toBe(await raw('stopped.json'))
    expect(JSON.parse(await readFile(`${file}.backup`, 'utf8')).format).toBe(2)
  })

  it('in a bucket, too', async () => {
    const objects = bucket()
    const text = await raw('in-a-bucket.json')
    await objects.put('shop/dev.json', text, undefined)
    const state = await StoredState.open(s3Backend(objects, 'shop/dev'), JSON.parse(text))
    await state.put('a', row())
    await state.put('b', row())
    expect([...objects.objects.keys()].sort()).toEqual(['shop/dev.json', 'shop/dev.json.format-1'])
    expect(objects.objects.get('shop/dev.json.format-1')?.text).toBe(text)
    expect(JSON.parse(objects.objects.get('shop/dev.json')?.text ?? '')).toMatchObject({ format: 2, resources: { b: {} } })
  })

  it('whose first write fails is kept at the next one', async () => {
    const file = join(dir, 'x.json')
    await cp(join(FILES, 'stopped.json'), file)
    const backend = localBackend(file)
    const { write } = backend
    const state = await StoredState.open(backend, JSON.parse(await raw('stopped.json')))
    backend.write = async () => {
      throw new Error('no space')
    }
    await expect(state.put('a', row())).rejects.toThrow('no space')
    backend.write = write
    await state.put('b', row())
    expect(await readFile(`${file}.format-1`, 'utf8')).toBe(await raw('stopped.json'))
  })

  it('says the same in the status as the infra that wrote it', async () => {
    await cp(join(FILES, 'infra.yaml'), join(dir, 'infra.yaml'))
    await cp(FILES, join(dir, 'state'), { recursive: true })
    await cp(join(FILES, 'stopped.json'), join(dir, 'state', 'production.sandbox.json'))
    let out = ''
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += String(text)
      return true
    })
    const config = join(dir, 'infra.yaml')
    const code = await statusCommand({ config, offline: true, json: true, sandbox: true })
    // It was run in the folder itself; and prices are another day's.
    const told = (text: string): unknown =>
      JSON.parse(text.replaceAll(` --config ${config}`, ''), (key, value) => (key === 'monthlyUsd' ? undefined : value))
    expect([code, told(out)]).toEqual([0, told(await raw('stopped.status.json'))])
  })
})

/** As earlier versions have written it. */
const toFormat1 = (facts: Facts, services: Services, others: object): object => {
  const table = (part: string, of: (value: never) => unknown = (value) => value): [string, unknown][] =>
    Object.entries(services).flatMap(([key, record]) => {
      const value = (record as Record<string, unknown>)[part]
      return value === undefined ? [] : [[key, of(value as never)]]
    })
  const asleep = Object.values(services).find((s) => s.sleep)?.sleep
  const tables = {
    deployments: table('history'),
    deploying: table('pending'),
    deployed: table('overlay'),
    images: table('awaitsImage', () => false),
    scaled: table('count'),
    paused: table('autoscaling'),
  }
  return {
    ...facts,
    ...Object.fromEntries(Object.entries(tables).flatMap(([name, t]) => (t.length ? [[name, Object.fromEntries(t)]] : []))),
    ...(asleep
      ? {
          asleep: {
            at: asleep.at,
            by: asleep.by,
            services: Object.fromEntries(table('sleep', ({ at: _, by: __, ...rest }: { at: string; by: string }) => rest)),
          },
        }
      : {}),
    ...others,
  }
}

describe('the migration', () => {
  const at = '2026-11-22T00:00:00.000Z'
  const text = fc.string({ minLength: 1, maxLength: 5 })
  const rest = { at: fc.constant(at), by: fc.constant('me') }
  const optional = { requiredKeys: [] }
  const overlay = fc.record(
    {
      image: text,
      environment: fc.dictionary(text, text, { maxKeys: 2 }),
      since: fc.record({ variables: fc.dictionary(text, fc.option(text), { maxKeys: 2 }) }),
    },
    { requiredKeys: ['since'] },
  )
  const begun = { revision: text, from: text, ...rest, how: fc.constantFrom('deploy' as const, 'rollback' as const) }
  const service = fc
    .record(
      {
        history: fc.array(fc.record({ ...begun, changes: fc.array(text, { maxLength: 2 }) }), { minLength: 1, maxLength: 2 }),
        pending: fc.record({ ...begun, changes: fc.array(text, { maxLength: 2 }), before: overlay }),
        overlay,
        awaitsImage: fc.constant(true as const),
        count: fc.record({ count: fc.nat(), since: fc.nat(), ...rest }),
        autoscaling: fc.record({
          min: fc.nat(),
          suspended: fc.record({ in: fc.boolean(), out: fc.boolean(), scheduled: fc.boolean() }),
          at: fc.constant(at),
        }),
        sleep: fc.record({ count: fc.nat(), since: fc.nat(), down: fc.boolean(), ...rest }),
      },
      optional,
    )
    .filter((record) => Object.keys(record).length > 0)
  const facts = fc.record(
    {
      zones: fc.array(text),
      callerCidr: text,
      network: fc.record({ vpcId: text, subnetIds: fc.array(text) }),
      bastionType: text,
    },
    optional,
  )
  const key = fc.oneof(fc.constantFrom('web', 'worker', 'cluster/theirs', 'zones', 'services'), text)

  it('loses nothing, and what it makes is whole', () => {
    fc.assert(
      fc.property(
        facts,
        fc.dictionary(key, service, { maxKeys: 4, noNullPrototype: true }),
        fc.boolean(),
        (f, services, more) => {
          const others = more ? { sqlFile: { path: 'x.sql', at }, failover: { server: 's', from: 'a', at } } : {}
          const head = { format: 1, ...shop, lineage: 'l', serial: 3 }
          const lookups = toFormat1(f, services, others)
          const now = fromFormat1({ ...head, lookups, resources: { net: row() } } as never)
          expect(now).toEqual({
            ...head,
            facts: f,
            services,
            ...(more ? { handedOver: { path: 'x.sql', at }, failover: { server: 's', from: 'a', at } } : {}),
            resources: { net: row() },
          })
          expect(stateFile(now)).toBeUndefined()
        },
      ),
      { numRuns: 150 },
    )
  })

  it('what an unknown version has put there stays', async () => {
    const file = join(dir, 'x.json')
    const head = { format: 1, ...shop, lineage: 'l', serial: 3 }
    await writeFile(file, JSON.stringify({ ...head, lookups: { somethingElse: [1] }, resources: {} }))
    expect((await readState(localBackend(file)))?.facts).toEqual({ somethingElse: [1] })
  })
})
