import { DeleteSecretCommand, ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { clientConfig } from '../support/account.ts'
import { DESTROY, type Home } from './home.ts'
import { type Course, type Ground, homeFor, isGood, type Kills, liveIn, must, type Undisturbed, type Verdict } from './life.ts'
import { runMatrix } from './matrix.ts'

const INSIDE: Course = {
  before: [['create', 'vpc', 'security-groups', 'secrets', 'rds', '--yes']],
  create: ['create', 'databases', '--yes'],
  destroy: [...DESTROY, 'databases'],
  leaves: '',
}
/** The lives of the databases step, by whether there is one role for all or one for each. A role's own secret can be restored. */
export const COURSES: Readonly<Record<'shared' | 'perDatabase', Course>> = {
  shared: INSIDE,
  perDatabase: { ...INSIDE, leaves: 'secret,secret' },
}

/** What a destroyed database leaves, so that the next life begins where the first one did. */
const clearSecrets = async ({ account }: Home): Promise<void> => {
  const client = new SecretsManagerClient(clientConfig(account))
  const { SecretList = [] } = await client.send(new ListSecretsCommand({ IncludePlannedDeletion: true }))
  for (const { ARN, DeletedDate } of SecretList)
    if (DeletedDate) await client.send(new DeleteSecretCommand({ SecretId: ARN, ForceDeleteWithoutRecovery: true }))
}

/** Lives one after another on one and the same server, which takes longer to make than all that is inside. */
class Bench {
  readonly #ground: Ground
  readonly #course: Course
  readonly #of: Undisturbed
  #home: Home | undefined

  constructor(ground: Ground, course: Course, of: Undisturbed) {
    this.#ground = ground
    this.#course = course
    this.#of = of
  }

  async live(kills: Kills): Promise<Verdict[]> {
    const home = this.#home ?? (await homeFor(this.#ground, this.#course))
    this.#home = undefined
    let whole = false
    try {
      const verdicts = await liveIn(home, this.#course, this.#of, kills)
      whole = verdicts.every(isGood)
      if (whole) {
        if (!kills.destroy) await must(home, this.#course.destroy)
        await clearSecrets(home)
        this.#home = home
      }
      const unheard = kills.destroy && verdicts.length < Object.keys(kills).length
      return unheard ? [...verdicts, ...(await this.live({ destroy: kills.destroy }))] : verdicts
    } finally {
      if (!whole) await home.close()
    }
  }

  async close(): Promise<void> {
    await this.#home?.close()
  }
}

/** All lives of one course. @param heard is told of each verdict as it falls */
export const runBenches = async (
  ground: Ground,
  course: Course,
  of: Undisturbed,
  lives: readonly Kills[],
  sideBySide: number,
  heard?: (verdict: Verdict) => void,
): Promise<Verdict[]> => {
  const benches = Array.from({ length: sideBySide }, () => new Bench(ground, course, of))
  try {
    return await runMatrix(lives, sideBySide, async (kills, side) => benches[side]?.live(kills) ?? [], heard)
  } finally {
    await Promise.all(benches.map((b) => b.close()))
  }
}
