import { pass } from '../sandbox/ecs.ts'
import { type Holdings, listAccount, orphansIn, rowsOf, untruthsIn } from './holdings.ts'
import { CREATE, DESTROY, Home, type Within } from './home.ts'
import { type Phase, type Point, pointsOf, runAndKill, type World } from './kill.ts'
import { loginTroubles } from './list-inside.ts'
import { secretTexts } from './list-services.ts'
import { difference } from './thing.ts'

export type Verb = 'create' | 'destroy'

/** Where everything happens: the CLI to run, a folder for homes, the local AWS. */
export interface Ground {
  readonly bin: string
  readonly folder: string
  readonly server: string
  /** What lives in the database server; undefined: nothing. */
  readonly within?: Within
}

/** What an account holds, and the rows of the state about it. */
export interface Standing extends Holdings {
  readonly keys: readonly string[]
  readonly rows: readonly string[]
}

/** What an undisturbed life looks like: the measure of all others. */
export interface Undisturbed {
  readonly built: Standing
  readonly left: Standing
  readonly points: Readonly<Record<Verb, readonly Point[]>>
}

export interface Kill {
  readonly point: Point
  readonly phase: Phase
  readonly world: World
}

/** Where the two commands of one life are killed. */
export type Kills = Readonly<Partial<Record<Verb, Kill>>>

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

/** Between two commands: a week goes by in the local AWS, which must be ours alone. */
export const A_WEEK = 'a week'

/** The two commands of a life, and those that come before them. */
export interface Course extends Readonly<Record<Verb, string[]>> {
  readonly before: readonly (string[] | typeof A_WEEK)[]
  /** What an undisturbed destroy leaves in the account, besides what was there before create. */
  readonly leaves: string
  /** Destroy takes down what came before, too. */
  readonly takesAll?: boolean
}
export const WHOLE: Course = { before: [], create: CREATE, destroy: DESTROY, leaves: 'db-snapshot,secret' }

/** A rule on another listener, other target groups, another certificate: each is made beside the old one. */
export const REPLACED: Course = {
  ...WHOLE,
  before: [
    CREATE,
    [
      'init',
      '--set',
      'ecs.services.web.port=8001',
      '--set',
      'ecs.services.api.port=9001',
      '--set',
      'loadBalancer.domain=a.example.com',
    ],
  ],
  leaves: '',
  takesAll: true,
}

/** Without the database, whose life is another. */
export const CONTAINERS: Course = { ...WHOLE, leaves: 'secret' }

export const must = async (home: Home, args: readonly string[]): Promise<void> => {
  const { code, out } = await home.run(...args)
  if (code !== 0) throw new Error(`undisturbed, infra ${args.join(' ')} ended with ${code}:\n${out}`)
}

const standing = async (home: Home): Promise<Standing> => {
  const found = await listAccount(home.account)
  const { state } = home
  return { ...found, keys: Object.keys(state.resources), rows: rowsOf(home, found) }
}

/** A home in which all has been done that comes before the two commands. */
export const homeFor = async (ground: Ground, course: Course): Promise<Home> => {
  const home = await Home.open(ground.bin, ground.folder, ground.server, ground.within)
  for (const args of course.before)
    if (args === A_WEEK) await pass(ground.server, 7 * 24 * 3600)
    else await must(home, args)
  return home
}

const measured = new Map<string, Promise<Undisturbed>>()
/** The same for every test file of this process: a life is lived in an account of its own, and says nothing of where. */
export const undisturbed = (ground: Ground, course = WHOLE): Promise<Undisturbed> => {
  const key = JSON.stringify([ground.server, ground.within, course])
  const known = measured.get(key) ?? measure(ground, course)
  measured.set(key, known)
  return known
}

const measure = async (ground: Ground, course: Course): Promise<Undisturbed> => {
  const home = await homeFor(ground, course)
  try {
    const first = await listAccount(home.account)
    home.clear()
    await must(home, course.create)
    const create = pointsOf(home.log)
    const built = await standing(home)
    const untrue = [...untruthsIn(home.state, built.keys, built), ...orphansIn(home.state, built)]
    if (untrue.length > 0) throw new Error(`undisturbed, the state is not the account: ${untrue.join('; ')}`)
    home.clear()
    await must(home, course.destroy)
    const left = await standing(home)
    const { extra, missing } = difference(first.lines, left.lines)
    const kinds = extra.map((line) => line.split(' ')[0]).sort()
    if (kinds.join() !== course.leaves || (missing.length > 0 && !course.takesAll))
      throw new Error(`undisturbed, destroy should leave ${course.leaves}, not:\n${[...extra, ...missing].join('\n')}`)
    return { built, left, points: { create, destroy: pointsOf(home.log) } }
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
  const rows = difference(wanted.rows, rowsOf(home, found))
  const troubles = [...(await passwordTroubles(home)), ...(await loginTroubles(home.account, found.things))]
  return {
    orphans: verb === 'create' ? orphansIn(state, found) : strange,
    duplicates,
    wrong: [
      ...signed,
      ...untruthsIn(state, wanted.keys, found),
      ...rows.missing.map((row) => `- row ${row}`),
      ...rows.extra.map((row) => `+ row ${row}`),
      ...(verb === 'create' ? troubles : []),
    ],
  }
}

/** `vpc vpc`: type and label of a line, without what it looks like. */
const head = (line: string): string => line.slice(0, line.indexOf(' {'))

/**
 * One life in an account of its own: create is killed and run again, and what it made is judged; destroy likewise. Without a
 * kill, create runs undisturbed and destroy not at all.
 */
export const live = async (ground: Ground, of: Undisturbed, kills: Kills, course = WHOLE): Promise<Verdict[]> => {
  const home = await homeFor(ground, course)
  try {
    const verdicts = await liveIn(home, course, of, kills)
    // Destroy is to be judged by what it does, not by what create left it.
    const unheard = kills.destroy && verdicts.length < Object.keys(kills).length
    return unheard ? [...verdicts, ...(await live(ground, of, { destroy: kills.destroy }, course))] : verdicts
  } finally {
    await home.close()
  }
}

/** @returns one verdict when create was bad */
export const liveIn = async (home: Home, course: Course, of: Undisturbed, kills: Kills): Promise<Verdict[]> => {
  const verdicts: Verdict[] = []
  if (kills.create) {
    const verdict = await killAndRerun(home, 'create', course.create, kills.create, of)
    verdicts.push(verdict)
    if (!isGood(verdict)) return verdicts
  } else await must(home, course.create)
  if (kills.destroy) verdicts.push(await killAndRerun(home, 'destroy', course.destroy, kills.destroy, of))
  return verdicts
}

const killAndRerun = async (home: Home, verb: Verb, args: string[], kill: Kill, of: Undisturbed): Promise<Verdict> => {
  const killed = await runAndKill(home, args, kill.point, kill.phase, kill.world)
  const rerun = await home.run(...args)
  const verdict = await judge(home, verb, of)
  return { verb, kill, killed, ...(rerun.code === 0 ? {} : { stuck: rerun.out }), ...verdict }
}
