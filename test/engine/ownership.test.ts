import { describe, expect, it } from 'vitest'
import { Db, Gate, Link, Net, Note } from './support/kinds.ts'
import { type Declare, World } from './support/world.ts'

const one: Declare = (add) => void add(Gate, 'gate', {})
const two: Declare = (add) => {
  const net = add(Net, 'net', { color: 'none' })
  add(Note, 'note', { uses: [net.id] })
}
/** A person's own, with all tags of ours: "Launch more like this". */
const copy = (world: World, key: string): string => {
  const { id: _, tags, type, props } = world.cloud.thing(key)
  return world.cloud.make({ type, tags, props })
}
const idOf = (world: World, key: string): string => String(world.rows.get(key)?.attrs?.id)
const stands = (world: World, id: string): boolean => world.cloud.things().some((t) => t.id === id && t.goneAt === undefined)
const changes = (world: World) => world.said('change')

describe('copied tags', () => {
  it('destroy takes down the recorded one and leaves the copy', async () => {
    const world = new World()
    await world.create(one)
    const theirs = copy(world, 'gate')
    const outcome = await world.destroy()
    expect(outcome.failed.size).toBe(0)
    expect(world.cloud.things().map((t) => t.id)).toEqual([theirs])
    expect(world.rows.size).toBe(0)
  })

  it('destroy of one that is gone says what carries its tags, and leaves it', async () => {
    const world = new World()
    await world.create(one)
    const theirs = copy(world, 'gate')
    world.cloud.vanish(idOf(world, 'gate'))
    await world.destroy()
    expect(stands(world, theirs)).toBe(true)
    expect(world.events.at(-1)).toMatchObject({ type: 'resource.gone', leaves: expect.stringContaining(theirs) })
  })

  it('create takes no copy for its own: it stops, and names it', async () => {
    const world = new World()
    await world.create(one)
    const theirs = copy(world, 'gate')
    world.cloud.vanish(idOf(world, 'gate'))
    world.forget()
    const [problem] = (await world.plan(one)).problems
    expect(problem).toMatchObject({
      exitCode: 2,
      what: expect.stringContaining(theirs),
      next: expect.stringContaining('Remove the tags'),
    })
    const { failed } = await world.create(one)
    expect(failed.get('gate')?.message).toContain(theirs)
    expect(changes(world)).toEqual([])
    // As the hint says: then a new one is made.
    for (const t of world.cloud.things()) if (t.id === theirs) t.tags = {}
    expect((await world.create(one)).failed.size).toBe(0)
    expect(idOf(world, 'gate')).not.toBe(theirs)
  })

  it('with two candidates and no id, both are named and neither is touched', async () => {
    const world = new World()
    await world.create(one)
    const ids = [idOf(world, 'gate'), copy(world, 'gate')]
    world.rows.clear()
    world.forget()
    for (const word of ids) expect((await world.plan(one)).problems[0]?.what).toContain(word)
    await world.create(one)
    expect(changes(world)).toEqual([])
    const { attrs: _, ...intent } = (world.rows.get('gate') ?? {}) as { attrs?: unknown }
    expect(intent).toEqual({})
  })

  it('an intent that may have become either of two is not dropped by destroy', async () => {
    const world = new World()
    await world.create(one)
    const row = world.rows.get('gate')
    if (!row) throw new Error('no row')
    copy(world, 'gate')
    const { attrs: _, ...rest } = row
    world.rows.set('gate', { ...rest, is: 'creating' })
    await expect(world.destroy()).rejects.toMatchObject({ exitCode: 2 })
    expect(world.rows.has('gate')).toBe(true)
    expect(world.cloud.things()).toHaveLength(2)
  })
})

describe('another stack’s tag on a recorded id', () => {
  const copied = async (): Promise<World> => {
    const world = new World()
    await world.create(two)
    for (const t of world.cloud.things()) t.tags.stack = 'shop/prod'
    world.forget()
    return world
  }

  it('stops create before anything is changed, and names the stack', async () => {
    const world = await copied()
    const { problems } = await world.plan(two)
    expect(problems.map((p) => p.what)).toEqual([expect.stringContaining('shop/prod'), expect.stringContaining('shop/prod')])
    const { failed } = await world.create(two)
    expect(failed.get('net')?.message).toContain('shop/prod')
    expect(changes(world)).toEqual([])
  })

  it('stops destroy: the row stays, the resource too', async () => {
    const world = await copied()
    await expect(world.destroy()).rejects.toMatchObject({ exitCode: 2, what: expect.stringContaining('of the stack shop/prod') })
    expect(changes(world)).toEqual([])
    expect(world.rows.size).toBe(2)
  })

  it('stops create from deleting what is no longer declared', async () => {
    const world = await copied()
    for (const t of world.cloud.things()) if (t.tags.key === 'net') t.tags.stack = 'shop/dev'
    const less: Declare = (add) => void add(Net, 'net', { color: 'none' })
    expect((await world.plan(less)).problems[0]?.what).toContain('shop/prod')
    await expect(world.create(less)).rejects.toMatchObject({ exitCode: 2 })
    expect(changes(world)).toEqual([])
  })

  it('is seen in the tags of the record, where a look shows none', async () => {
    const quiet = { ...Note, observe: async (...args: Parameters<typeof Note.observe>) => untagged(await Note.observe(...args)) }
    const world = new World(quiet)
    const note: Declare = (add) => void add(quiet, 'note', {})
    await world.create(note)
    const row = world.rows.get('note')
    if (!row) throw new Error('no row')
    world.rows.set('note', { ...row, tags: { ...row.tags, stack: 'shop/prod' } })
    expect((await world.plan(note)).problems[0]?.what).toContain('shop/prod')
  })

  it('is asked for right before a delete, where a look shows none', async () => {
    const asked = {
      ...Note,
      observe: async (...args: Parameters<typeof Note.observe>) =>
        args[4] === 'owner' ? Note.observe(...args) : untagged(await Note.observe(...args)),
    }
    const world = new World(asked)
    await world.create((add) => void add(asked, 'note', {}))
    world.cloud.thing('note').tags.stack = 'shop/prod'
    world.forget()
    const { failed } = await world.destroy()
    expect(failed.get('note')?.message).toContain('shop/prod')
    expect(changes(world)).toEqual([])
    for (const t of world.cloud.things()) t.tags.stack = 'shop/dev'
    expect((await world.destroy()).failed.size).toBe(0)
  })

  it.each([
    ['tags that someone removed', () => ({})],
    ['another key of this stack', () => ({ stack: 'shop/dev', key: 'renamed' })],
  ])('%s are no reason to stop', async (_, tags) => {
    const world = new World()
    await world.create(two)
    for (const t of world.cloud.things()) t.tags = tags()
    expect((await world.plan(two)).problems).toEqual([])
    expect((await world.destroy()).failed.size).toBe(0)
    expect(world.cloud.things()).toEqual([])
  })

  it('says nothing of what was adopted', async () => {
    const world = await copied()
    for (const [key, row] of world.rows) world.rows.set(key, { ...row, adopted: true })
    expect((await world.plan(two)).problems).toEqual([])
    expect((await world.create(two)).failed.size).toBe(0)
    expect(changes(world)).toEqual([])
  })
})

describe('two keys for one resource', () => {
  it('a name that this stack has under another key: the key is named, and the way to rename it', async () => {
    const world = new World()
    const at =
      (key: string): Declare =>
      (add) =>
        void add(Note, key, {}, { name: 'shop-tg' })
    await world.create(at('web-target-group'))
    world.forget()
    const [problem] = (await world.plan(at('app-target-group'))).problems
    expect(problem).toMatchObject({
      what: expect.stringContaining('under the key web-target-group'),
      next: expect.stringContaining('infra state rename web app'),
    })
    expect(problem?.next).not.toContain('adopt')
    // Nor does the screen say that it would be deleted.
    const { actions } = await world.plan(at('app-target-group'))
    expect(actions.map((a) => `${a.action} ${a.key}`)).toEqual(['keep app-target-group', 'keep web-target-group'])
    await world.create(at('app-target-group')).catch(() => undefined)
    expect(changes(world)).toEqual([])
  })

  it.each(['ours', 'adopted'])('create never deletes what a declared row holds (%s)', async (how) => {
    const world = new World()
    await world.create(one)
    const row = world.rows.get('gate')
    if (!row) throw new Error('no row')
    const second = { ...row, ...(how === 'adopted' ? { adopted: true } : {}) }
    world.rows.set('other', how === 'ours' ? second : row)
    if (how === 'adopted') world.rows.set('gate', second)
    world.forget()
    const [problem] = (await world.plan(one)).problems
    expect(problem).toMatchObject({ exitCode: 2, what: expect.stringMatching(/other and gate .*id-gate/) })
    await expect(world.create(one)).rejects.toMatchObject({ exitCode: 2 })
    expect(changes(world)).toEqual([])
  })

  it('nor what it has just found under a new key by what it connects', async () => {
    const world = new World()
    const way =
      (key: string): Declare =>
      (add) => {
        const net = add(Net, 'net', { color: 'none' })
        const gate = add(Gate, 'gate', {})
        add(Link, key, { from: net.id, to: gate.id })
      }
    await world.create(way('old'))
    const link = world.cloud.things().find((t) => t.type === 'link')?.id ?? ''
    world.forget()
    expect((await world.plan(way('new'))).problems[0]?.what).toContain('old and new')
    await expect(world.create(way('new'))).rejects.toMatchObject({ exitCode: 2 })
    expect(stands(world, link)).toBe(true)
  })

  it('two rows of one resource go together', async () => {
    const world = new World()
    await world.create((add) => void add(Db, 'db', {}))
    const row = world.rows.get('db')
    if (!row) throw new Error('no row')
    world.rows.set('again', row)
    await expect(world.destroy(['again'])).rejects.toMatchObject({ what: expect.stringContaining('again and db') })
    expect((await world.destroy()).failed.size).toBe(0)
    expect(world.rows.size).toBe(0)
  })
})

const untagged = <S extends object>(seen: S): S => {
  const { tags: _, ...rest } = seen as { tags?: unknown }
  return rest as S
}
