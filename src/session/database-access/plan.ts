import type { Via } from '../../aws/sql.ts'
import { InfraError } from '../../core/errors.ts'
import type { Plan } from '../../engine/plan.ts'
import { kindOf } from '../../kinds/index.ts'
import type { View } from '../survey.ts'
import type { Session } from '../types.ts'
import { hasTarget, noContainer, noWay, otherWay, reachable, setWay } from './find.ts'

/** How a run would get into the database server. */
export interface PlannedWay {
  readonly via: Via
  /** What a person should know of it before the yes. */
  readonly note?: string
}

/** Two containers, one after another: roles, then databases. */
const TASK_MINUTES = 2

/**
 * A plan that says how the run gets into the database server, where it has something to do in there. Where it would not get in, that
 * is a problem of the plan: it is told before anything is made, and not twelve minutes later, when the server is there.
 */
export const withWay = async (s: Session, view: View, plan: Plan): Promise<{ plan: Plan; way?: PlannedWay }> => {
  const inside = plan.actions.some((a) => a.action !== 'keep' && kindOf(a.type).facts.inside !== undefined)
  const set = setWay(s, s.inside.override)
  if (!inside || set === 'print') return { plan }
  try {
    const way = set ? await checked(s, view, set) : await found(s, view)
    return { plan: way.via === 'task' ? { ...plan, minutes: plan.minutes + TASK_MINUTES } : plan, way }
  } catch (error) {
    if (!(error instanceof InfraError)) throw error
    const { what, why, next, cause } = error
    const problem = new InfraError(what, { why, next, exitCode: 2, cause })
    return { plan: { ...plan, problems: [...plan.problems, problem] } }
  }
}

/** What keeps the way that is set from being gone, as far as it can be known now. */
const checked = async (s: Session, view: View, via: Via): Promise<PlannedWay> => {
  if (via === 'task') {
    const why = await noContainer(s, view.lookups.network)
    if (why) throw noWay(s, 'sql', why)
    return { via, note: CONTAINER }
  }
  if (via === 'ssm') {
    const { findPlugin } = await import('../../database/plugin.ts')
    await findPlugin(process.env, () => undefined)
    // In a network that this very run makes, nothing runs but what the stack brings.
    if (!serverIn(view) && !view.lookups.network && !hasTarget(s))
      throw noWay(s, 'sql', 'databases.via is ssm, and nothing will run in the new network that a tunnel could go through')
  }
  return { via }
}

const found = async (s: Session, view: View): Promise<PlannedWay> => {
  const server = serverIn(view)
  if (server && (await reachable({ ...server, engine: s.config.rds.engine }))) return { via: 'direct' }
  const via = await otherWay(s, 'sql', view.lookups.network)
  if (via === 'ssm') return checked(s, view, via)
  const unless = server ? 'It does not answer from here' : 'Only if it answers from here is no container needed'
  return { via, note: `${CONTAINER} ${unless} (databases.via in infra.yaml).` }
}

const CONTAINER =
  'Into the database server, which has no public address, goes a container that runs psql in its network: less than a cent. What it needs (a role, a log group, an ECS cluster, a task definition) is made for the run and removed after it.'

/** The server's address; undefined while it is not there. */
const serverIn = ({ survey }: View): { host: string; port: number } | undefined => {
  const seen = survey.get('db-instance')
  if (!seen || seen.is === 'absent') return undefined
  const { endpoint: host, port } = (seen.attrs ?? {}) as { endpoint?: unknown; port?: unknown }
  return typeof host === 'string' && typeof port === 'number' ? { host, port } : undefined
}

/** Said below a plan. */
export const sayWay = ({ io }: Pick<Session, 'io'>, way: PlannedWay | undefined): void => {
  if (way?.note) io.say(`  ${io.c.yellow('!')} ${way.note}`)
}
