import { describe, expect, it } from 'vitest'
import {
  added,
  allDeployed,
  type Declared,
  entryOf,
  historyOf,
  lastHealthy,
  overlayAfter,
  overlayOf,
  pendingOf,
  type Step,
  stillDeployed,
  withHistory,
  withOverlay,
  withPending,
} from '../../src/ecs/record.ts'
import type { Deployment, PendingRollout } from '../../src/state/memory.ts'

const config: Declared = { image: 'nginx:1.26', environment: { LOG: 'info', PORT: '8000' }, secrets: { DB: 'database:password' } }
const step = (more: Partial<Step>): Step => ({ environment: {}, secrets: {}, unset: [], ...more })

describe('what deploys have changed since the config was written', () => {
  it('one after another adds up; what the config said then stands beside', () => {
    const one = overlayAfter(undefined, step({ image: 'nginx:1.27', environment: { LOG: 'debug' } }), config)
    expect(one).toEqual({
      image: 'nginx:1.27',
      environment: { LOG: 'debug' },
      since: { image: 'nginx:1.26', variables: { LOG: 'env:info' } },
    })
    const two = overlayAfter(one, step({ secrets: { NEW: 'stripe:key' }, unset: ['PORT'] }), config)
    expect(two).toEqual({
      image: 'nginx:1.27',
      environment: { LOG: 'debug' },
      secrets: { NEW: 'stripe:key' },
      unset: ['PORT'],
      since: { image: 'nginx:1.26', variables: { LOG: 'env:info', NEW: null, PORT: 'env:8000' } },
    })
    expect(
      overlayAfter(two, step({ image: 'nginx:1.28', environment: { PORT: '9000' }, unset: ['LOG', 'NEW'] }), config),
    ).toEqual({
      image: 'nginx:1.28',
      environment: { PORT: '9000' },
      unset: ['LOG'],
      since: { image: 'nginx:1.26', variables: { LOG: 'env:info', PORT: 'env:8000' } },
    })
  })
  it.each<[string, Partial<Step>, object | undefined]>([
    [
      'a variable that the config has as a secret',
      { environment: { DB: 'plain' } },
      { environment: { DB: 'plain' }, since: { variables: { DB: 'secret:database:password' } } },
    ],
    ['what is taken away and never was in the config', { unset: ['NOBODY'] }, undefined],
    ['nothing', {}, undefined],
    ['without an image in the config', { image: 'x:1' }, { image: 'x:1', since: { image: 'nginx:1.26', variables: {} } }],
  ])('%s', (_, of, expected) => {
    expect(overlayAfter(undefined, step(of), config)).toEqual(expected)
  })
  it('an image that the config leaves to the registry is a word of it, too', () => {
    const { image: _, ...own } = config
    const overlay = overlayAfter(undefined, step({ image: 'x:1' }), own)
    expect(overlay?.since.image).toBeNull()
    expect(stillDeployed(overlay, own)?.image).toBe('x:1')
    expect(stillDeployed(overlay, config)).toBeUndefined()
  })

  const overlay = overlayAfter(
    undefined,
    step({ image: 'nginx:1.27', environment: { LOG: 'debug', EXTRA: '1' }, secrets: { PORT: 'database:port' }, unset: ['DB'] }),
    config,
  )
  it.each<[string, Declared, object | undefined]>([
    [
      'nothing was edited: all of it counts',
      config,
      { image: 'nginx:1.27', environment: { LOG: 'debug', EXTRA: '1' }, secrets: { PORT: 'database:port' }, unset: ['DB'] },
    ],
    [
      'the image was edited',
      { ...config, image: 'nginx:2' },
      { environment: { LOG: 'debug', EXTRA: '1' }, secrets: { PORT: 'database:port' }, unset: ['DB'] },
    ],
    [
      'a variable was edited, and another one added',
      { ...config, environment: { LOG: 'warn', PORT: '8000', EXTRA: '2' } },
      { image: 'nginx:1.27', secrets: { PORT: 'database:port' }, unset: ['DB'] },
    ],
    [
      'a variable became a secret',
      { ...config, environment: { LOG: 'info' }, secrets: { ...config.secrets, PORT: 'database:host' } },
      { image: 'nginx:1.27', environment: { LOG: 'debug', EXTRA: '1' }, unset: ['DB'] },
    ],
    [
      'what was taken away was edited',
      { ...config, secrets: { DB: 'other:password' } },
      { image: 'nginx:1.27', environment: { LOG: 'debug', EXTRA: '1' }, secrets: { PORT: 'database:port' } },
    ],
    [
      'a variable was taken out',
      { ...config, environment: { PORT: '8000' } },
      { image: 'nginx:1.27', environment: { EXTRA: '1' }, secrets: { PORT: 'database:port' }, unset: ['DB'] },
    ],
    ['everything was edited', { image: 'x', environment: { EXTRA: '2' }, secrets: {} }, undefined],
  ])('%s', (_, edited, counts) => {
    const { since: _since, ...still } = stillDeployed(overlay, edited) ?? { since: {} }
    expect(still).toEqual(counts ?? {})
    // Asked a second time the answer is the same: what no longer counts was let go.
    expect(stillDeployed(stillDeployed(overlay, edited), edited)).toEqual(stillDeployed(overlay, edited))
  })
  it('what no longer counted does not come back when the old line is put back', () => {
    const edited = { ...config, image: 'nginx:2', environment: { LOG: 'warn', PORT: '8000' } }
    const pruned = stillDeployed(overlay, edited)
    expect(stillDeployed(pruned, config)).toMatchObject({ environment: { EXTRA: '1' } })
    expect(stillDeployed(pruned, config)).not.toHaveProperty('image')
    expect(stillDeployed(pruned, config)?.environment).not.toHaveProperty('LOG')
  })
  it('of services that are in the config only', () => {
    const lookups = withOverlay(withOverlay({}, 'web', overlay), 'gone', overlay)
    expect(Object.keys(allDeployed(lookups, { web: config, api: config }))).toEqual(['web'])
    expect(allDeployed({}, { web: config })).toEqual({})
    expect(stillDeployed(undefined, config)).toBeUndefined()
  })
})

const entry = (revision: string, more: Partial<Deployment> = {}): Deployment => ({
  revision,
  at: '2026-11-22T00:00:00.000Z',
  by: 'me',
  how: 'deploy',
  healthy: true,
  changes: [],
  ...more,
})
const intent: PendingRollout = {
  revision: 'web:8',
  from: 'web:7',
  image: 'x',
  at: 'now',
  by: 'me',
  how: 'deploy',
  changes: ['image: a -> b'],
}

describe('the rollouts of a service', () => {
  it.each<[string, Deployment[], string | undefined]>([
    ['the one before', [entry('web:8'), entry('web:7')], 'web:7'],
    ['not one that failed', [entry('web:8'), entry('web:7', { healthy: false }), entry('web:6')], 'web:6'],
    [
      'not one whose end nobody saw',
      [entry('web:8'), { ...entry('web:7'), healthy: undefined } as unknown as Deployment, entry('web:6')],
      'web:6',
    ],
    [
      'not one that somebody has gone back from',
      [entry('web:6', { how: 'rollback' }), entry('web:8', { left: true }), entry('web:7')],
      'web:7',
    ],
    [
      'not one that was left once, however well it was before',
      [entry('web:8'), entry('web:7', { left: true }), entry('web:7'), entry('web:5')],
      'web:5',
    ],
    ['none', [entry('web:8')], undefined],
    ['none at all', [], undefined],
  ])('go back to %s', (_, entries, revision) => {
    expect(lastHealthy(entries, entries[0]?.revision ?? 'web:8')?.revision).toBe(revision)
  })

  it('a rollback marks what it leaves, a failed one does not', () => {
    const before = [entry('web:8'), entry('web:7')]
    const back = entry('web:7', { how: 'rollback', from: 'web:8' })
    expect(added(before, back)[1]).toMatchObject({ revision: 'web:8', left: true })
    expect(added(before, { ...back, healthy: false })[1]).not.toHaveProperty('left')
    expect(added(before, entry('web:9', { from: 'web:8' }))[1]).not.toHaveProperty('left')
  })

  it('an entry says how it ended; one that failed keeps what would count if it comes up after all', () => {
    const overlay = { image: 'x', since: { image: null, variables: {} } }
    expect(entryOf({ ...intent, overlay }, true)).toEqual({
      revision: 'web:8',
      from: 'web:7',
      image: 'x',
      at: 'now',
      by: 'me',
      how: 'deploy',
      healthy: true,
      changes: ['image: a -> b'],
    })
    expect(entryOf({ ...intent, overlay }, false)).toMatchObject({ healthy: false, overlay })
    expect(entryOf(intent, undefined)).not.toHaveProperty('healthy')
  })

  it('stand in the record of the service beside everything else, twenty of each service', () => {
    const other = { web: { awaitsImage: true }, api: { history: [entry('api:1')] } } as const
    const many = Array.from({ length: 30 }, (_, i) => entry(`web:${30 - i}`))
    const services = withHistory(other, 'web', many)
    expect(historyOf(services, 'web')).toHaveLength(20)
    expect(historyOf(services, 'web')[0]?.revision).toBe('web:30')
    expect(services).toMatchObject(other)
    expect(withHistory(services, 'web', [])).toEqual(other)
    const begun = withPending(other, 'web', intent)
    expect(pendingOf(begun, 'web')).toEqual(intent)
    expect(withPending(begun, 'web', undefined)).toEqual(other)
    expect(overlayOf(other, 'web')).toBeUndefined()
  })

  it('a record of nothing is left out, and a change of nothing leaves no trace', () => {
    expect(withPending(withPending({}, 'web', intent), 'web', undefined)).toEqual({})
    expect(JSON.stringify(withOverlay({ api: { awaitsImage: true } }, 'web', undefined))).toBe('{"api":{"awaitsImage":true}}')
  })
})
