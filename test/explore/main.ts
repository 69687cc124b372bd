import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { numberAfter, withServer } from '../crash-real/server.ts'
import { watchRun } from '../support/models/run.ts'
import { type Played, play } from './play.ts'
import { sequenceOf } from './sequence.ts'
import { only, shrink, told } from './shrink.ts'

const root = process.env.EXPLORE_ROOT ?? process.cwd()
/** `--seed n`: the first one. `--minutes m` or `--count n`: how many follow it. `--side n`: side by side. `--only 1,4-`: of this seed, only these steps, those with `-` without their trouble. */
const seed = numberAfter('--seed', 1)
const count = numberAfter('--count', process.argv.includes('--minutes') ? 1_000_000 : 10)
const minutes = numberAfter('--minutes', 24 * 60)
const sideBySide = numberAfter('--side', 2)
const part = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined

const folder = mkdtempSync(join(tmpdir(), 'infra-explore-'))
const checked = watchRun(root, folder)
const began = performance.now()
const took = (): number => (performance.now() - began) / 60_000

try {
  await withServer({ root, folder, postgres: false }, async (ground) => {
    if (part !== undefined) {
      const sequence = only(sequenceOf(seed), part)
      console.log(`${told(sequence)}\n`)
      const { broken } = await play(ground, sequence)
      console.log(broken ? `BREAK at step ${broken.step + 1}: ${broken.what}\n\n${broken.out}` : 'No break.')
      process.exitCode = broken ? 1 : 0
      return
    }
    const sums = { sequences: 0, commands: 0, reached: 0, calls: 0, breaks: 0 }
    let next = seed
    const work = async (): Promise<void> => {
      while (next < seed + count && took() < minutes) {
        const sequence = sequenceOf(next++)
        const played: Played = await play(ground, sequence)
        sums.sequences++
        for (const key of ['commands', 'reached', 'calls'] as const) sums[key] += played[key]
        if (!played.broken) {
          if (sums.sequences % 10 === 0) console.log(`${sums.sequences} sequences, ${took().toFixed(1)} min`)
          continue
        }
        sums.breaks++
        console.log(`\nBREAK  seed ${sequence.seed}: ${played.broken.what}\nMaking it shorter...`)
        const same = async (s: typeof sequence): Promise<boolean> => {
          const { broken } = await play(ground, s)
          return broken !== undefined && broken.what.split(' ')[0] === played.broken?.what.split(' ')[0]
        }
        const shortest = await shrink(sequence, same)
        const { broken = played.broken } = await play(ground, only(sequence, shortest))
        console.log(
          `${told(only(sequence, shortest))}\n\n${broken.what}\n\n${broken.out}\nnpm run explore -- --seed ${sequence.seed} --only ${shortest}\n`,
        )
      }
    }
    await Promise.all(Array.from({ length: sideBySide }, work))
    console.log(
      `\n${sums.sequences} sequences (seeds ${seed} to ${next - 1}) in ${took().toFixed(1)} minutes: ${sums.commands} commands, ${sums.calls} calls, ${sums.reached} troubles; ${sums.breaks} ${sums.breaks === 1 ? 'break' : 'breaks'}.`,
    )
    process.exitCode = sums.breaks === 0 ? 0 : 1
  })
  const models = checked()
  console.log(models.text)
  for (const text of models.refusals) console.log(text)
  if (models.refused > 0) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
