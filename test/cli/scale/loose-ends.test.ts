import { describe, expect, it } from 'vitest'
import { looseCommand, looseEndsOf, looseNotes } from '../../../src/commands/stack/loose-ends.ts'
import type { Survey } from '../../../src/engine/kind.ts'
import type { Services } from '../../../src/state/memory.ts'
import { CONFIG, made, session } from './support/world.ts'

/** @param tasks what AWS shows of each service that is named */
const ends = async (services: Services, tasks: Record<string, number> = {}, g = {}, config = CONFIG, more: object = {}) => {
  const w = await made(config)
  w.text = JSON.stringify({ ...w.state(), services })
  const s = await session(w, config)
  const shown = Object.entries(tasks).map(([key, n]) => [
    `${key}-service`,
    { is: 'ready', attrs: {}, note: `${n} of ${n} tasks running` },
  ])
  const survey = new Map([...shown, ...Object.entries(more)] as never) as Survey
  const seen = { recorded: s.state, rows: s.state.all(), survey, account: '123456789012' }
  const found = looseEndsOf(s.config, seen, g)
  return { notes: looseNotes(found), next: looseCommand(s.config, found, g), push: found.waiting.flatMap((w) => w.push) }
}
const OWN = CONFIG.replace(
  'steps: [vpc, security-groups, secrets, rds, ecs,',
  'steps: [vpc, security-groups, secrets, rds, registry, ecs,',
).replace('web: { image: "nginx:1",', 'web: {')

describe('what is left when every step is done', () => {
  it('nothing, where all runs as it should', async () => {
    expect(await ends({}, { web: 2, worker: 3, idle: 0 })).toEqual({ notes: [], next: undefined, push: [] })
  })

  it('an image: the lines that push it, then the one that deploys it, with the flags of this call', async () => {
    const g = { sandbox: true, env: 'dev' }
    expect(await ends({ web: { awaitsImage: true } }, { web: 0 }, g, OWN)).toEqual({
      notes: [],
      next: 'infra deploy web --image latest --env dev --sandbox',
      push: ['infra sandbox push shop-dev-app:latest'],
    })
    expect((await ends({ web: { awaitsImage: true } }, {}, {}, OWN)).push.at(-1)).toBe(
      'docker push 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop-dev-app:latest',
    )
  })

  it('a service that runs nothing and that nobody has scaled to nothing', async () => {
    expect(await ends({}, { worker: 0 })).toEqual({
      notes: ['worker runs no task, and nobody has scaled it to none'],
      next: 'infra scale worker 3',
      push: [],
    })
    const count = { count: 0, since: 3, at: '2026-11-22', by: 'me' }
    expect((await ends({ worker: { count } }, { worker: 0 })).next).toBeUndefined()
  })

  it('a stack that sleeps', async () => {
    const sleep = { count: 3, since: 3, down: true, at: '2026-11-22', by: 'me' }
    expect(await ends({ worker: { sleep } }, { worker: 0 })).toEqual({ notes: [], next: 'infra start', push: [] })
  })

  it('a database that sleeps alone', async () => {
    const stopped = { 'db-instance': { is: 'ready', attrs: {}, note: 'stopped', asleep: 'infra db start' } }
    expect((await ends({}, { web: 2 }, { sandbox: true }, CONFIG, stopped)).next).toBe('infra db start --sandbox')
  })
})
