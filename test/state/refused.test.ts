import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { InfraError } from '../../src/core/errors.ts'
import { localBackend } from '../../src/state/local.ts'
import { NO_MEMORY } from '../../src/state/memory.ts'
import { checkIdentity, readState } from '../../src/state/parse.ts'
import { FORMAT } from '../../src/state/schema.ts'
import { LocalState } from '../../src/state/store.ts'
import { away, folder, of, row } from './bundle.ts'

let dir: string
let file: string
beforeEach(async () => {
  dir = await folder()
  file = join(dir, 'dev.json')
})
afterEach(() => away(dir))

const head = { format: FORMAT, ...of, lineage: 'l', serial: 3, ...NO_MEMORY }
const text = (more: object = {}, net: object = row()): string => JSON.stringify({ ...head, resources: { net }, ...more })
const without = (key: string): object => Object.fromEntries(Object.entries(row()).filter(([k]) => k !== key))

const cases: Record<string, string> = {
  empty: '',
  'cut off': text().slice(0, -20),
  'not JSON': '<<<<<<< HEAD\n{}',
  null: 'null',
  'a list': '[]',
  'a number': '7',
  'no resources': JSON.stringify(head),
  'resources are a list': text({ resources: [] }),
  'no format': text({ format: undefined }),
  'a newer format': text({ format: FORMAT + 1 }),
  'no serial': text({ serial: 'three' }),
  'no facts': text({ facts: undefined }),
  'no services': text({ services: undefined }),
  'an old one without lookups': text({ format: 1 }),
  'another account': text({ account: '999988887777' }),
  'another region': text({ region: 'us-east-1' }),
  'another project': text({ project: 'blog' }),
  'another environment': text({ environment: 'prod' }),
  'no account': text({ account: undefined }),
  'a row that is null': JSON.stringify({ ...head, resources: { net: null } }),
  'a row that is text': text({}, 'gone' as unknown as object),
  'a row in a state that is none': text({}, row({ is: 'gone' as 'ready' })),
  'deps that are text': text({}, row({ deps: 'net' as unknown as string[] })),
  'deps that are numbers': text({}, row({ deps: [1] as unknown as string[] })),
  'attrs that are text': text({}, row({ attrs: 'id-1' as unknown as { id: string } })),
  'rows that need each other': text({
    resources: { net: row({ deps: ['gate'] }), gate: row({ deps: ['net', 'nobody'] }), free: row({ deps: ['net'] }) },
  }),
  'a row that needs itself': text({}, row({ deps: ['net'] })),
  'a time that is none': text({}, row({ at: 'yesterday' })),
  ...Object.fromEntries(
    ['type', 'step', 'name', 'is', 'want', 'deps', 'token', 'at'].map((key) => [`a row without ${key}`, text({}, without(key))]),
  ),
}

describe('a state that cannot be trusted', () => {
  for (const [name, content] of Object.entries(cases))
    it(`${name}: refused with exit code 2, and the file stays as it is`, async () => {
      await writeFile(file, content)
      const error = await LocalState.open(file, of).catch((e: unknown) => e)
      expect(error).toBeInstanceOf(InfraError)
      expect(error).toMatchObject({ exitCode: 2, next: expect.any(String), what: expect.stringContaining(file) })
      expect(await readFile(file, 'utf8')).toBe(content)
      expect(await readdir(dir)).toEqual(['dev.json'])
    })

  it('a whole one is not refused', async () => {
    await writeFile(file, text())
    expect((await LocalState.open(file, of)).row('net')).toEqual(row())
  })

  it('names the circle', async () => {
    await writeFile(file, cases['rows that need each other'] ?? '')
    await expect(readState(localBackend(file))).rejects.toMatchObject({
      what: `In ${file}, net needs itself: net -> gate -> net`,
    })
  })

  const at = '2026-11-22T00:00:00.000Z'
  const entry = { revision: 'web:1', at, by: 'me', how: 'deploy', changes: [] }
  it.each<[place: string, object]>([
    ['facts.zones.1 is not a text', { facts: { zones: ['a', 2] } }],
    ['facts.network is not an object', { facts: { network: [] } }],
    ['facts.bastionImage.id is not a text', { facts: { bastionImage: { architecture: 'arm64' } } }],
    ['facts.parameters.known is not a list', { facts: { parameters: { family: 'x', known: 'y', static: [] } } }],
    ['services.web is not an object', { services: { web: [] } }],
    ['services.web.history is not a list', { services: { web: { history: {} } } }],
    ['services.web.history.0.at is not a time', { services: { web: { history: [{ ...entry, at: 'x' }] } } }],
    ['services.web.pending.from is not a text', { services: { web: { pending: entry } } }],
    [
      'services.web.history.0.how is not deploy, rollback, force, found',
      { services: { web: { history: [{ ...entry, how: 'x' }] } } },
    ],
    ['services.web.overlay.since is not an object', { services: { web: { overlay: { image: 'x' } } } }],
    [
      'services.web.overlay.since.variables.A is not a text',
      { services: { web: { overlay: { since: { variables: { A: 1 } } } } } },
    ],
    ['services.web.awaitsImage is not true', { services: { web: { awaitsImage: false } } }],
    ['services.web.count.since is not a number', { services: { web: { count: { count: 1, at, by: 'me' } } } }],
    ['services.web.autoscaling.suspended is not an object', { services: { web: { autoscaling: { min: 1, at } } } }],
    [
      'services.web.sleep.down is not true or false',
      { services: { web: { sleep: { count: 1, since: 1, down: 'x', at, by: 'me' } } } },
    ],
    ['handedOver.path is not a text', { handedOver: { at } }],
    ['failover.at is not a time', { failover: { server: 's', from: 'a', at: 'x' } }],
    ['resources.net.deps is not a list', { resources: { net: row({ deps: 'x' as never }) } }],
    ['resources.net.tags.Name is not a text', { resources: { net: row({ tags: { Name: 1 } as never }) } }],
  ])('names the place: %s', async (place, more) => {
    await writeFile(file, text(more))
    await expect(readState(localBackend(file))).rejects.toMatchObject({ exitCode: 2, what: `In ${file}, ${place}` })
  })

  it('names the place of an old file as it is there', async () => {
    const old = (lookups: object): string => JSON.stringify({ ...head, format: 1, lookups, resources: {} })
    for (const [place, lookups] of [
      ['lookups.zones is not a list', { zones: 'a' }],
      ['lookups.scaled.web.since is not a number', { scaled: { web: { count: 1, at, by: 'me' } } }],
      ['lookups.asleep.services.web.count is not a number', { asleep: { at, by: 'me', services: { web: { since: 1 } } } }],
      ['lookups.sqlFile.path is not a text', { sqlFile: { at } }],
    ] as const) {
      await writeFile(file, old(lookups))
      await expect(readState(localBackend(file))).rejects.toMatchObject({ what: `In ${file}, ${place}` })
    }
  })

  it('points at the last good copy', async () => {
    await writeFile(file, 'x')
    await expect(readState(localBackend(file))).rejects.toMatchObject({
      next: expect.stringContaining(`cp ${file}.backup ${file}`),
    })
  })

  it('a newer one asks for a newer infra, not for the backup', async () => {
    await writeFile(file, JSON.stringify({ ...head, format: 9, resources: {}, unheardOf: true }))
    await expect(readState(localBackend(file))).rejects.toMatchObject({
      what: `${file} was written by a newer infra (format 9, this one knows ${FORMAT})`,
      next: expect.stringContaining('Update infra'),
    })
  })

  it('says whose it is and whose it should be', async () => {
    await writeFile(file, text())
    const other = { ...of, account: '999988887777' }
    await expect(LocalState.open(file, other)).rejects.toMatchObject({
      what: `${file} belongs to account 111122223333, but this run is for account 999988887777`,
    })
  })

  it('what is not known offline is not compared', async () => {
    await writeFile(file, text())
    const state = await readState(localBackend(file))
    if (!state) throw new Error('no state')
    const { account, region, ...offline } = of
    expect(() => checkIdentity(file, state, offline)).not.toThrow()
    expect(() => checkIdentity(file, state, { ...offline, environment: 'prod' })).toThrow(InfraError)
    expect([account, region]).toEqual([state.account, state.region])
  })

  it('what cannot be read at all is no empty state', async () => {
    await expect(LocalState.open(join(file, 'below'), of)).resolves.toBeDefined()
    await writeFile(file, text())
    await expect(LocalState.open(join(file, 'below'), of)).rejects.toMatchObject({ exitCode: 2 })
  })
})
