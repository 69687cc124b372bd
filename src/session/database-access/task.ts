import { randomUUID } from 'node:crypto'
import type { PasswordAt } from '../../aws/sql.ts'
import { Interrupted, refuse } from '../../core/errors.ts'
import type { WayIn } from '../../database/open.ts'
import { type TaskPlace, taskWay } from '../../database/task.ts'
import { PSQL_IMAGE, taskEnvironment } from '../../database/task-environment.ts'
import { create } from '../../engine/create.ts'
import { destroy } from '../../engine/destroy.ts'
import { subjectsOf, survey } from '../../engine/survey.ts'
import { kindOf } from '../../kinds/index.ts'
import { CONTAINER, declareDatabaseTask } from '../../steps/database-task.ts'
import { TASK_STEP } from '../../steps/database-task-step.ts'
import { keysOf } from '../declare.ts'
import type { Session } from '../types.ts'
import { theServer } from './credentials.ts'
import { containerNetwork } from './find.ts'

/**
 * The way in by a container. What it needs is made by the engine, like all that infra makes: recorded before it is asked for, so
 * that a killed run leaves nothing that the next one does not know and remove.
 */
export const databaseTask = (s: Session, report: (line: string) => void, passwords: readonly PasswordAt[]): WayIn =>
  taskWay({
    aws: s.aws,
    token: randomUUID,
    passwords: () => [...rolePasswords(s), ...passwords],
    tags: s.stamp({ key: TASK_STEP, name: `${s.config.namePrefix}-database-task` }, '').tags,
    place: () => makePlace(s, [...rolePasswords(s), ...passwords]),
    gone: () => clearTask(s),
    report,
    signal: s.signal,
  })

/** Removes what a container needed, also what a killed run has left. */
export const clearTask = async (s: Session): Promise<void> => {
  const keys = keysOf(s.state.all(), [TASK_STEP])
  if (keys.length === 0) return
  const outcome = await destroy(
    keys,
    new Map(),
    s.context(() => undefined),
    kindOf,
    { snapshots: false, at: new Date() },
  )
  // Interrupted: the rows stay, and the next run that goes in removes it.
  for (const error of outcome.failed.values()) throw s.explain(error)
}

const makePlace = async (s: Session, passwords: readonly PasswordAt[]): Promise<TaskPlace> => {
  const { config } = s
  const server = await theServer(s)
  if (!server) throw refuse('There is no database server yet', undefined, 'infra create rds')
  const { environment, secrets } = await taskEnvironment(server, passwords, { caFile: config.databases.caFile })
  const graph = declareDatabaseTask(config, s.caller.partition, { image: PSQL_IMAGE, environment, secrets })
  const cx = s.context(() => undefined)
  // Only its own rows: those of the stack are not declared here.
  const own = new Map([...s.state.all()].filter(([, row]) => row.step === TASK_STEP))
  const seen = await survey(subjectsOf(graph, own, kindOf), cx)
  const { failed, interrupted } = await create(graph, [TASK_STEP], seen, cx, kindOf)
  for (const error of failed.values()) throw s.explain(error)
  if (interrupted) throw new Interrupted()
  const attr = (key: string, name: string): string => String(s.state.row(key)?.attrs?.[name] ?? '')
  return {
    cluster: attr('database-task-cluster', 'id'),
    taskDefinition: attr('database-task-definition', 'arn'),
    container: CONTAINER,
    logGroup: attr('database-task-log', 'id'),
    streamPrefix: 'infra',
    ...(await network(s)),
  }
}

/** A public subnet with an address of its own where there is one: the image comes from the internet. */
const network = async (s: Session): Promise<Pick<TaskPlace, 'subnets' | 'securityGroups' | 'publicAddress'>> => {
  const out = await containerNetwork(s)
  if (!out)
    throw refuse(
      'A container cannot run in the network of the database',
      'no subnet of it has a route to the internet, where its image comes from',
      'Give one a route to a NAT gateway or an internet gateway, or set databases.via in infra.yaml to ssm or direct',
    )
  return { ...out, securityGroups: [String(s.state.row('backend-security-group')?.attrs?.id)] }
}

/** The passwords of the roles in the config, where they are known already. */
const rolePasswords = (s: Session): PasswordAt[] => {
  const { roles, names } = s.config.databases
  const keys = roles === 'shared' ? ['database-secret'] : names.map((n) => `sql-secret-${n.replaceAll('_', '-')}`)
  return keys.flatMap((key) => {
    const secret = s.state.row(key)?.attrs?.arn
    return typeof secret === 'string' ? [{ secret, key: 'password' }] : []
  })
}
