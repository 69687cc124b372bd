import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateBucketCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { listAccount, orphansIn, untruthsIn } from '../crash-real/holdings.ts'
import { type Ended, Home, type Run, type State } from '../crash-real/home.ts'
import type { Ground } from '../crash-real/life.ts'
import { clientConfig } from '../support/account.ts'
import type { Call } from '../support/proxy.ts'
import { disturb } from './disturb.ts'
import { changeOutside } from './outside.ts'
import { type Sequence, SHARED_BUCKET, type Step } from './sequence.ts'

/** What must never be: which promise is broken, and what was on the screen. */
export interface Break {
  /** 0-based; the number of steps for what shows at the end. */
  readonly step: number
  readonly what: string
  readonly out: string
}

export interface Played {
  readonly broken?: Break
  readonly commands: number
  /** Troubles that came about: a kill at the fortieth call reaches no run of three calls. */
  readonly reached: number
  readonly calls: number
}

const LEASE_SECONDS = 2
const TRACE = /^\s+at .+:\d+:\d+\)?$/m
const WHOLE = ['destroy', '--yes', '--confirm', 'startupwebapp']

class Broken extends Error {
  readonly what: string
  readonly out: string
  constructor(what: string, out: string) {
    super(what)
    this.what = what
    this.out = out
  }
}

/** Leases and states are infra's own; they come and go also around a refusal. */
const changing = (log: readonly Call[]): string[] => log.filter((c) => c.changing && !c.op.startsWith('s3.')).map((c) => c.op)

class Game {
  readonly #home: Home
  readonly #sequence: Sequence
  commands = 0
  reached = 0
  calls = 0

  constructor(home: Home, sequence: Sequence) {
    this.#home = home
    this.#sequence = sequence
    Object.assign(home.env, { INFRA_LEASE_SECONDS: String(LEASE_SECONDS) })
  }

  #dir(desk: 0 | 1): string {
    const dir = join(this.#home.dir, `desk-${desk}`)
    mkdirSync(dir, { recursive: true })
    return dir
  }
  #write(config: string): void {
    for (const desk of [0, 1] as const) writeFileSync(join(this.#dir(desk), 'infra.yaml'), config)
  }
  #start(desk: 0 | 1, args: readonly string[]): Run {
    this.commands++
    return this.#home.start(args, this.#dir(desk))
  }

  #run(desk: 0 | 1, args: readonly string[]): Promise<Ended> {
    this.commands++
    return this.#home.runIn(this.#dir(desk), args)
  }

  async bucket(): Promise<void> {
    const s3 = new S3Client({ ...clientConfig(this.#home.account), forcePathStyle: true })
    await s3.send(new CreateBucketCommand({ Bucket: SHARED_BUCKET(this.#home.account.accountId) }))
    s3.destroy()
  }

  async #state(): Promise<State> {
    if (!this.#sequence.shared) return this.#home.stateIn(this.#dir(0))
    const s3 = new S3Client({ ...clientConfig(this.#home.account), forcePathStyle: true })
    const Bucket = SHARED_BUCKET(this.#home.account.accountId)
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'state/startupwebapp/production.json' }))
    return JSON.parse((await Body?.transformToString()) ?? '{}') as State
  }

  async step(step: Step): Promise<void> {
    this.#write(step.config)
    if (step.outside) await changeOutside(this.#home.account, this.#dir(step.desk), step.outside)
    this.#home.clear()
    const other = step.desk === 0 ? 1 : 0
    const meanwhile = async (): Promise<void> => {
      for (let tries = 0; tries < 60; tries++) {
        const { code, out } = await this.#run(other, ['create', '--yes'])
        this.#look({ code, out })
        if (!/holds the lock/.test(out)) return
      }
    }
    const { trouble } = step
    const ended = trouble
      ? await disturb(this.#home.proxy, trouble, () => this.#start(step.desk, step.args), meanwhile)
      : { ...(await this.#run(step.desk, step.args)), reached: false }
    if (ended.reached) this.reached++
    this.calls += this.#home.log.length
    this.#look(ended)
    if (ended.code === 2 && !step.trouble) {
      const made = changing(this.#home.log)
      if (made.length > 0) throw new Broken(`exit code 2 after ${made.join(', ')}`, ended.out)
    }
  }

  #look({ code, out }: Pick<Ended, 'code' | 'out'>): void {
    if (TRACE.test(out)) throw new Broken('a stack trace', out)
    if (/\(killed: not done after/.test(out)) throw new Broken('it did not end', out)
    if (code !== null && code > 3 && code < 128) throw new Broken(`exit code ${code}`, out)
  }

  async #undisturbed(args: readonly string[]): Promise<Ended> {
    this.#home.clear()
    const ended = await this.#run(0, args)
    this.#look(ended)
    return ended
  }

  /** Commands that infra itself names as what is next, as long as they need nothing from a person. */
  #hint(out: string): string[] | undefined {
    const found = [
      ...out.matchAll(
        /\binfra ((?:unlock|recover|create|start|destroy|db rotate-password|db start)\b[\w -]*?)(?=[`'".,;:)]|\s{2}|$|\n)/gm,
      ),
    ]
    const words = found.at(-1)?.[1]?.trim().split(/\s+/)
    return words && [...words.filter((w) => w !== '--yes'), '--yes']
  }

  /** The command must come to its end by what it says itself. */
  async #comes(args: readonly string[]): Promise<Ended> {
    const said: string[] = []
    for (let tries = 0; ; tries++) {
      const ended = await this.#undisturbed(args)
      if (ended.code === 0) return ended
      said.push(ended.out)
      if (tries === 4) throw new Broken(`${args[0]} does not come to its end`, said.join('\n----\n'))
      if (/holds the lock/.test(ended.out)) await sleep(LEASE_SECONDS * 1000)
      const hint = this.#hint(ended.out)
      if (hint && hint[0] !== args[0]) said.push((await this.#undisturbed(hint)).out)
    }
  }

  /** Create comes to its end; then nothing is left to do, and the account is what the state says. */
  async settle(config: string): Promise<void> {
    this.#write(config)
    await this.#comes(['create', '--yes'])
    const again = await this.#undisturbed(['create', '--yes'])
    const made = changing(this.#home.log)
    if (again.code !== 0 || made.length > 0)
      throw new Broken(`create after create ends with ${again.code} and makes ${made.join(', ') || 'no change'}`, again.out)
    const drift = await this.#undisturbed(['drift'])
    if (drift.code !== 0) throw new Broken(`drift after create ends with ${drift.code}`, drift.out)
    const state = await this.#state()
    const found = await listAccount(this.#home.account)
    // After a rollback an older revision runs than the newest, which alone is listed. Snapshots outlive their database.
    const troubles = [...orphansIn(state, found), ...untruthsIn(state, Object.keys(state.resources), found)].filter(
      (text) => !/task-definition|^db-snapshot/.test(text),
    )
    if (troubles.length > 0) throw new Broken(troubles.join('; '), again.out)
  }

  /** Destroy leaves what it says: snapshots, and secrets in their window. */
  async end(): Promise<void> {
    const last = await this.#comes(WHOLE)
    const { things } = await listAccount(this.#home.account)
    const left = things.filter((t) => !t.implied && !['db-snapshot', 'secret', 'task-definition'].includes(t.type))
    const alive = things.filter((t) => t.type === 'secret' && !(t.view as { deleted: boolean }).deleted)
    const names = [...left, ...alive].map((t) => `${t.type} ${t.label}`)
    if (names.length > 0) throw new Broken(`destroy leaves ${names.join(', ')}`, last.out)
  }
}

/** Plays a sequence in an account of its own. */
export const play = async (ground: Ground, sequence: Sequence): Promise<Played> => {
  const home = await Home.empty(ground.bin, ground.folder, ground.server)
  const game = new Game(home, sequence)
  let at = 0
  const played = () => ({ commands: game.commands, reached: game.reached, calls: game.calls })
  try {
    const own = (config: string): string => config.replaceAll('infra-explore', SHARED_BUCKET(home.account.accountId))
    if (sequence.shared) await game.bucket()
    for (const step of sequence.steps) {
      await game.step({ ...step, config: own(step.config) })
      at++
    }
    await game.settle(own(sequence.config))
    await game.end()
    return played()
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    return { ...played(), broken: { step: at, what: error.what, out: error.out } }
  } finally {
    await home.close()
  }
}
