import { describe, expect, it } from 'vitest'
import { Fault } from '../support/cloud.ts'
import { Link, Net, Note } from './support/kinds.ts'
import { type Declare, failOnce, World } from './support/world.ts'

const two: Declare = (add) => {
  const a = add(Net, 'a', { size: 1 })
  const b = add(Net, 'b', { size: 1 })
  const link = add(Link, 'link', { from: a.id, to: b.id })
  add(Note, 'note', { uses: [link.id] })
}

describe('the survey', () => {
  it('sends identical requests once and looks at everything', async () => {
    const world = new World()
    await world.create(two)
    world.forget()
    const seen = await world.survey(two)
    expect([...seen].map(([key, s]) => [key, s.is])).toEqual(['a', 'b', 'link', 'note'].map((key) => [key, 'ready']))
    const asked = world.said()
    expect(asked.filter((t) => t === 'list net')).toHaveLength(1)
    expect(asked).toHaveLength(3)
  })

  it('asks all at once: one round trip', async () => {
    const world = new World()
    await world.create(two)
    world.cloud.latencyMs = 50
    expect(await world.minutes(() => world.survey(two))).toBe(100 / 60_000)
  })

  it('finds everything again when the state was lost: what has a natural key, through its parents', async () => {
    const world = new World()
    await world.create(two)
    world.rows.clear()
    const seen = await world.survey(two)
    expect([...seen.values()].map((s) => s.is)).toEqual(['ready', 'ready', 'ready', 'ready'])
    expect(seen.get('link')).toMatchObject({ attrs: { id: world.cloud.things().find((t) => t.type === 'link')?.id } })
  })

  it('also resolves through the one parent whose row is missing', async () => {
    const world = new World()
    await world.create(two)
    world.rows.delete('a')
    world.rows.delete('link')
    expect((await world.survey(two)).get('link')?.is).toBe('ready')
  })

  it('looks at what is recorded and no longer declared, too', async () => {
    const world = new World()
    await world.create(two)
    const seen = await world.survey((add) => void add(Net, 'a', { size: 1 }))
    expect([...seen].map(([key, s]) => [key, s.is])).toEqual(['a', 'b', 'link', 'note'].map((key) => [key, 'ready']))
  })

  it('an error of one look is an error of the survey: holes would plan duplicates', async () => {
    const world = new World()
    await world.create(two)
    failOnce(world.cloud, 'list net', 'before', () => new Fault('fatal', 'denied'))
    await expect(world.survey(two)).rejects.toThrow('denied')
    world.rows.clear()
    failOnce(world.cloud, 'list net', 'before', () => new Fault('fatal', 'denied'))
    await expect(world.survey(two)).rejects.toThrow('denied')
  })
})
