import { type Holdings, listAccount, orphansIn, untruthsIn } from './holdings.ts'
import { CREATE, DESTROY, Home } from './home.ts'
import { type Phase, type Point, pointsOf, runAndKill, type World } from './kill.ts'
import { secretTexts } from './list-services.ts'
import { difference } from './thing.ts'

export type Verb = 'create' | 'destroy'

/** Where everything happens: the CLI to run, a folder for homes, the local AWS. */
export interface Ground {
  readonly bin: string
  readonly folder: string
  readonly server: string
}

/** What an undisturbed life looks like: the measure of all others. */
export interface Undisturbed {
  readonly built: Holdings
  readonly keys: readonly string[]
  readonly left: Holdings
  readonly points: Readonly<Record<Verb, readonly Point[]>>
}

export interface Kill {
  readonly point: Point
  readonly phase: Phase
  readonly world: World
}

/** How it ended: killed, run again, and compared. */
export interface Verdict {
  readonly verb: Verb
  readonly kill: Kill
  readonly killed: boolean
  /** The rerun failed: its words. */
  readonly stuck?: string
  readonly orphans: readonly string[]
  readonly duplicates: readonly string[]
  /** Missing or different, or a state that says something else than the account. */
  readonly wrong: readonly string[]
}

export const isGood = (v: Verdict): boolean => !v.stuck && v.orphans.length + v.duplicates.length + v.wrong.length === 0

const must = async (home: Home, args: string[]): Promise<void> => {
  const { code, out } = await home.run(...args)
  if (code !== 0) throw new Error(`undisturbed, infra ${args.join(' ')} ended with ${code}:\n${out}`)
}

export const undisturbed = async (ground: Ground): Promise<Undisturbed> => {
  const home = await Home.open(ground.bin, ground.folder, ground.server)
  try {
    home.proxy.clear()
    await must(home, CREATE)
    const create = pointsOf(home.proxy.log)
    const [built, keys] = [await listAccount(home.account), Object.keys(home.state.resources)]
    const untrue = [...untruthsIn(home.state, keys, built), ...orphansIn(home.state, built)]
    if (untrue.length > 0) throw new Error(`undisturbed, the state is not the account: ${untrue.join('; ')}`)
    home.proxy.clear()
    await must(home, DESTROY)
    const left = await listAccount(home.account)
    const kinds = left.things.map((t) => t.type).sort()
    if (kinds.join() !== 'db-snapshot,secret')
      throw new Error(`undisturbed, destroy leaves more than a snapshot and a secret:\n${left.lines.join('\n')}`)
    return { built, keys, left, points: { create, destroy: pointsOf(home.proxy.log) } }
  } finally {
    await home.close()
  }
}

/** Every CreateDBInstance that was sent must carry the password that the secret holds, or nobody could ever log in. */
const passwordTroubles = async (home: Home): Promise<string[]> => {
  const texts = await secretTexts(home.account)
  const sent = home.proxy.log.filter((call) => call.op === 'rds.CreateDBInstance')
  return sent.flatMap(({ body }) => {
    const password = JSON.stringify(new URLSearchParams(body).get('MasterUserPassword'))
    return texts.some((text) => text.includes(password))
      ? []
      : ['the database was made with another password than that in the secret']
  })
}

/** The account, and what our state says of it, against an undisturbed life. */
export const judge = async (
  home: Home,
  verb: Verb,
  of: Undisturbed,
): Promise<Pick<Verdict, 'orphans' | 'duplicates' | 'wrong'>> => {
  const found = await listAccount(home.account)
  const { state } = home
  const wanted = verb === 'create' ? of.built : of.left
  const { extra, missing } = difference(wanted.lines, found.lines)
  const lost = new Set(missing.map(head))
  const twice = new Set(wanted.lines.map(head).filter((h) => !lost.has(h)))
  const duplicates = extra.filter((line) => twice.has(head(line)))
  const strange = extra.filter((line) => !twice.has(head(line)))
  const signed = [...missing.map((line) => `- ${line}`), ...(verb === 'create' ? strange.map((line) => `+ ${line}`) : [])]
  const untrue = untruthsIn(state, verb === 'create' ? of.keys : [], found)
  return {
    orphans: verb === 'create' ? orphansIn(state, found) : strange,
    duplicates,
    wrong: [...signed, ...untrue, ...(verb === 'create' ? await passwordTroubles(home) : [])],
  }
}

/** `vpc vpc`: type and label of a line, without what it looks like. */
const head = (line: string): string => line.slice(0, line.indexOf(' {'))

/**
 * One life in an account of its own: create is killed and run again, and what it made is judged; destroy likewise. Without a
 * kill, create runs undisturbed and destroy not at all.
 */
export const live = async (ground: Ground, of: Undisturbed, kills: Readonly<Partial<Record<Verb, Kill>>>): Promise<Verdict[]> => {
  const home = await Home.open(ground.bin, ground.folder, ground.server)
  try {
    const verdicts: Verdict[] = []
    if (kills.create) {
      const verdict = await killAndRerun(home, 'create', CREATE, kills.create, of)
      verdicts.push(verdict)
      // Destroy is to be judged by what it does, not by what create left it.
      if (!isGood(verdict))
        return kills.destroy ? [...verdicts, ...(await live(ground, of, { destroy: kills.destroy }))] : verdicts
    } else await must(home, CREATE)
    if (kills.destroy) verdicts.push(await killAndRerun(home, 'destroy', DESTROY, kills.destroy, of))
    return verdicts
  } finally {
    await home.close()
  }
}

const killAndRerun = async (home: Home, verb: Verb, args: string[], kill: Kill, of: Undisturbed): Promise<Verdict> => {
  const killed = await runAndKill(home, args, kill.point, kill.phase, kill.world)
  const rerun = await home.run(...args)
  const verdict = await judge(home, verb, of)
  return { verb, kill, killed, ...(rerun.code === 0 ? {} : { stuck: rerun.out }), ...verdict }
}
