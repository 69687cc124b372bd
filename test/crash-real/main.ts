import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { watchRun } from '../support/models/run.ts'
import { COURSES, runBenches } from './databases.ts'
import {
  CONTAINERS,
  type Ground,
  isGood,
  type Kills,
  live,
  REPLACED,
  type Undisturbed,
  undisturbed,
  type Verdict,
} from './life.ts'
import { describe, livesOf, runMatrix, table, troubles } from './matrix.ts'
import { numberAfter, withServer } from './server.ts'
import { UPGRADE_SCHEDULED, UPGRADED_IN_WINDOW, UPGRADED_NOW } from './upgrade.ts'

const root = process.env.CRASH_ROOT ?? process.cwd()

/**
 * `--sample k`: each k-th kill only. `--both`: each kill twice, with the calls beside it lost and landing. `--side n`: lives side
 * by side. `--databases`: only those that reach into the database server. `--containers`: only those of
 * what runs in containers. `--replace`: only those of what is replaced beside. `--upgrade`: only those of a database that
 * is upgraded to another major version.
 */
const every = numberAfter('--sample', 1)
const sideBySide = numberAfter('--side', 2)
const both = process.argv.includes('--both')
const only = ['--databases', '--containers', '--replace', '--upgrade'].find((flag) => process.argv.includes(flag))

const folder = mkdtempSync(join(tmpdir(), 'infra-crash-'))
const checked = watchRun(root, folder)

type Run = (lives: readonly Kills[], heard: (verdict: Verdict) => void) => Promise<Verdict[]>

/** Lives all of them, tells how it goes, and prints the table. @returns how many were bad */
const matrix = async (title: string, of: Pick<Undisturbed, 'points'>, lives: readonly Kills[], run: Run): Promise<number> => {
  const began = performance.now()
  const minutes = (): string => ((performance.now() - began) / 60_000).toFixed(1)
  const kills = lives.reduce((n, l) => n + Object.keys(l).length, 0)
  const calls = ({ create, destroy }: Undisturbed['points']): string =>
    [create, destroy]
      .map((points) => points.filter((p) => p.op.startsWith('sql.')).length)
      .map((sql, i) => `${(i === 0 ? create : destroy).length - sql} calls${sql > 0 ? ` and ${sql} statements` : ''}`)
      .join(', destroy ')
  console.log(`\n${title}: an undisturbed create makes ${calls(of.points)}: ${kills} kills in ${lives.length} lives.`)
  let done = 0
  const verdicts = await run(lives, (verdict) => {
    done++
    for (const text of troubles([verdict])) console.log(`\nBAD  ${text}\n`)
    if (done % 20 === 0) console.log(`${done} of ${kills}, ${minutes()} min`)
  })
  const missed = verdicts.filter((v) => !v.killed)
  if (missed.length > 0) console.log(`\nNever reached: ${missed.map((v) => describe(v)).join('; ')}`)
  console.log(`\n${table(verdicts, of)}\n${minutes()} minutes.`)
  return verdicts.filter((v) => !isGood(v)).length
}

const inAws = (): Promise<number> =>
  withServer({ root, folder, postgres: false }, async (ground) => {
    const of = await undisturbed(ground)
    return matrix('A whole stack', of, livesOf(of, every, both), (lives, heard) =>
      runMatrix(lives, sideBySide, (kills) => live(ground, of, kills), heard),
    )
  })

const inDatabases = (): Promise<number> =>
  withServer({ root, folder, postgres: true }, async (ground) => {
    let bad = 0
    for (const within of ['shared', 'perDatabase'] as const) {
      const [here, course] = [{ ...ground, within }, COURSES[within]]
      const of = await undisturbed(here, course)
      const title = within === 'shared' ? 'Databases of one role' : 'Databases of a role each'
      bad += await matrix(title, of, livesOf(of, every, both), (lives, heard) =>
        runBenches(here, course, of, lives, sideBySide, heard),
      )
    }
    const here: Ground = { ...ground, within: 'shared' }
    const of = await undisturbed(here)
    const some = { points: sampleOfWhole(of) }
    bad += await matrix(
      'A whole stack with databases, at some of its statements',
      some,
      livesOf(some, every, both),
      (lives, heard) => runMatrix(lives, sideBySide, (kills) => live(here, of, kills), heard),
    )
    return bad
  })

const inContainers = (): Promise<number> =>
  withServer({ root, folder, postgres: false }, async (ground) => {
    const here: Ground = { ...ground, within: 'containers' }
    const of = await undisturbed(here, CONTAINERS)
    return matrix('Containers', of, livesOf(of, every, both), (lives, heard) =>
      runMatrix(lives, sideBySide, (kills) => live(here, of, kills, CONTAINERS), heard),
    )
  })

const inReplacements = (): Promise<number> =>
  withServer({ root, folder, postgres: false }, async (ground) => {
    const here: Ground = { ...ground, within: 'replaced' }
    const of = await undisturbed(here, REPLACED)
    const points = { create: of.points.create, destroy: [] }
    return matrix('What is replaced', { points }, livesOf({ points }, every, both), (lives, heard) =>
      runMatrix(lives, sideBySide, (kills) => live(here, of, kills, REPLACED), heard),
    )
  })

/** Each has a local AWS of its own: weeks go by in one of them. */
const inUpgrades = async (): Promise<number> => {
  let bad = 0
  for (const [title, course] of [
    ['PostgreSQL 16 to 17, at once', UPGRADED_NOW],
    ['PostgreSQL 16 to 17, asked for', UPGRADE_SCHEDULED],
    ['PostgreSQL 16 to 17, after the maintenance window', UPGRADED_IN_WINDOW],
  ] as const)
    bad += await withServer({ root, folder, postgres: false }, async (ground) => {
      const here: Ground = { ...ground, within: 'upgraded' }
      const of = await undisturbed(here, course)
      const points = { create: of.points.create, destroy: [] }
      return matrix(title, { points }, livesOf({ points }, every, both), (lives, heard) =>
        runMatrix(lives, sideBySide, (kills) => live(here, of, kills, course), heard),
      )
    })
  return bad
}

/** Where a whole life and what is inside the server touch. */
const sampleOfWhole = ({ points }: Undisturbed): Undisturbed['points'] => ({
  create: points.create.filter((p) => /^sql\.(login|CREATE|REVOKE)/.test(p.op) || p.op === 'rds.CreateDBInstance'),
  destroy: points.destroy.filter((p) => /^(sql\.|rds\.(ModifyDB|DeleteDBI)|secretsmanager\.Delete)/.test(p.op)),
})

try {
  let bad = 0
  for (const [flag, work] of [
    ['', inAws],
    ['--databases', inDatabases],
    ['--containers', inContainers],
    ['--replace', inReplacements],
    ['--upgrade', inUpgrades],
  ] as const)
    if (only === undefined || only === flag) bad += await work()
  const models = checked()
  console.log(`\n${models.text}`)
  for (const text of models.refusals) console.log(text)
  console.log(bad === 0 ? '\nNothing was lost, nothing is there twice.' : `\n${bad} bad cases.`)
  process.exitCode = bad === 0 && models.refused === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
