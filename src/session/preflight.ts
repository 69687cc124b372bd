import { accountPlan } from '../aws/identity.ts'
import { partitionOf } from '../aws/regions.ts'
import { type InfraError, refuse } from '../core/errors.ts'
import type { Plan } from '../engine/plan.ts'
import type { Lookups } from '../steps/types.ts'
import { list } from '../ui/format.ts'
import type { Session } from './types.ts'

/** What an account and this machine allow, known before anything is made. */
export interface Ground {
  /** AWS gives new accounts a plan that refuses much of what is usual. */
  readonly freePlan: boolean
  /** No connection to a database of this region could be checked. */
  readonly noRoots: InfraError | undefined
}

/** Nothing was asked. */
export const NO_GROUND: Ground = { freePlan: false, noRoots: undefined }

/** Longer than an answer takes; the survey beside it takes about as long. */
const PATIENCE_MS = 4000

/** Asked beside the survey, where something hangs on it. What is denied or does not answer stops nothing. */
export const askGround = async (s: Session, steps: readonly string[]): Promise<Ground> => {
  const makes = (step: string, key: string): boolean => steps.includes(step) && !s.state.row(key)
  const [freePlan, noRoots] = await Promise.all([
    makes('rds', 'db-instance') || makes('bastion', 'bastion') ? onFreePlan(s) : false,
    rootsMissing(s),
  ])
  return { freePlan, noRoots }
}

const onFreePlan = async ({ aws, config }: Session): Promise<boolean> => {
  if (partitionOf(config.region).id !== 'aws') return false
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((done) => {
    timer = setTimeout(done, PATIENCE_MS).unref()
  })
  const asked = accountPlan(aws).catch(() => undefined)
  const said = await Promise.race([asked, late]).finally(() => clearTimeout(timer))
  return said?.accountPlanType === 'FREE' && said.accountPlanStatus !== 'EXPIRED'
}

const LOOPBACK = /^https?:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])[:/]/

const rootsMissing = async ({ config, endpoint = '' }: Session): Promise<InfraError | undefined> => {
  const { via, caFile } = config.databases
  // A person's psql loads the certificates itself; a simulator's databases are on this machine.
  if (!config.steps.includes('databases') || via === 'print' || caFile !== undefined || LOOPBACK.test(`${endpoint}/`))
    return undefined
  const { hasRoots, noRoots } = await import('../database/roots.ts')
  return (await hasRoots(config.region)) ? undefined : noRoots(config.region)
}

/** What would fail in mid-run: before the first call that changes something. */
export const problemsOf = (ground: Ground, { config }: Pick<Session, 'config'>, at: Lookups, plan: Plan): InfraError[] => {
  const makes = (key: string): boolean => plan.actions.some((a) => a.key === key && a.action === 'create')
  const problems: InfraError[] = []
  if (ground.noRoots && (makes('db-instance') || plan.actions.some((a) => a.step === 'databases' && a.action === 'create')))
    problems.push(ground.noRoots)
  if (!ground.freePlan) return problems
  const refused: Refused[] = []
  const { instanceClass, backupRetentionDays } = config.rds
  if (makes('db-instance') && !FREE_DATABASES.includes(instanceClass))
    refused.push({ key: 'rds.instanceClass', is: instanceClass, allowed: list(FREE_DATABASES), set: 'db.t4g.micro' })
  if (makes('db-instance') && backupRetentionDays > 1)
    refused.push({ key: 'rds.backupRetentionDays', is: `${backupRetentionDays}`, allowed: '0 and 1', set: '1' })
  if (makes('bastion') && !FREE_INSTANCES.includes(at.bastionType))
    refused.push({ key: 'bastion.instanceType', is: at.bastionType, allowed: list(FREE_INSTANCES), set: 't4g.micro' })
  if (refused.length > 0) problems.push(freePlan(refused))
  return problems
}

interface Refused {
  readonly key: string
  readonly is: string
  readonly allowed: string
  readonly set: string
}

/** Recorded from accounts of 2025 and 2026: the answers of RDS, and `describe-instance-types` with free-tier-eligible. */
const FREE_DATABASES = ['db.t3.micro', 'db.t4g.micro']
const FREE_INSTANCES = ['t3.micro', 't3.small', 't4g.micro', 't4g.small', 'c7i-flex.large', 'm7i-flex.large']

const freePlan = (refused: readonly Refused[]): InfraError =>
  refuse(
    "This account is on AWS's free plan, which refuses what infra.yaml asks for",
    refused.map(({ key, is, allowed }) => `${key} is ${is} (it allows ${allowed})`).join('; '),
    `infra init ${refused.map(({ key, set }) => `--set ${key}=${set}`).join(' ')}, or upgrade the plan: aws freetier upgrade-account-plan --account-plan-type PAID`,
  )
