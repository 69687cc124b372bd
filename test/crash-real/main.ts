import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPython } from '../../src/sandbox/python.ts'
import { end, launch } from '../../src/sandbox/server.ts'
import { copyOfCli } from './home.ts'
import { isGood, undisturbed } from './life.ts'
import { describe, livesOf, runMatrix, table, troubles } from './matrix.ts'

const root = process.env.CRASH_ROOT ?? process.cwd()

const numberAfter = (flag: string, otherwise: number): number => {
  const at = process.argv.indexOf(flag)
  if (at < 0) return otherwise
  const value = Number(process.argv[at + 1])
  if (!Number.isInteger(value) || value < 1) throw new Error(`${flag} wants a whole number from 1 on`)
  return value
}

/** `--sample k`: each k-th kill only. `--both`: each kill twice, with the calls beside it lost and landing. `--side n`: lives side by side. */
const every = numberAfter('--sample', 1)
const sideBySide = numberAfter('--side', 2)
const both = process.argv.includes('--both')

const folder = mkdtempSync(join(tmpdir(), 'infra-crash-'))
let server: number | undefined

const crash = async (): Promise<boolean> => {
  const python = await findPython({ env: { ...process.env, INFRA_CACHE_DIR: folder, PIP_NO_INDEX: '1' } })
  const extension = join(root, 'src/sandbox/moto_ext')
  const { url, pid } = await launch({ python: python.path, seconds: '0', folder, extension, detached: false })
  server = pid
  const ground = { bin: copyOfCli(root, folder), folder, server: url }
  const began = performance.now()
  const of = await undisturbed(ground)
  const lives = livesOf(of, every, both)
  const kills = lives.reduce((n, l) => n + Object.keys(l).length, 0)
  console.log(
    `An undisturbed create makes ${of.points.create.length} calls, destroy ${of.points.destroy.length}: ${kills} kills in ${lives.length} accounts.`,
  )
  let done = 0
  const verdicts = await runMatrix(ground, of, lives, sideBySide, (verdict) => {
    done++
    for (const text of troubles([verdict])) console.log(`\nBAD  ${text}\n`)
    if (done % 20 === 0) console.log(`${done} of ${kills}, ${((performance.now() - began) / 60_000).toFixed(1)} min`)
  })
  const bad = verdicts.filter((v) => !isGood(v))
  const missed = verdicts.filter((v) => !v.killed)
  if (missed.length > 0) console.log(`\nNever reached: ${missed.map((v) => describe(v)).join('; ')}`)
  console.log(`\n${table(verdicts, of)}\n`)
  const minutes = ((performance.now() - began) / 60_000).toFixed(1)
  console.log(
    `${bad.length === 0 ? 'Nothing was lost, nothing is there twice.' : `${bad.length} bad cases.`} ${minutes} minutes.`,
  )
  return bad.length === 0
}

try {
  process.exitCode = (await crash()) ? 0 : 1
} finally {
  if (server !== undefined) await end(server)
  rmSync(folder, { recursive: true, force: true })
}
