import type { Config } from '../config/config.ts'

/** The longest that RDS keeps automated backups. */
const MOST_DAYS = 35
const FEW_DAYS = 7

const isProduction = (environment: string): boolean => /^(prod|production|live|main)\b/i.test(environment)

/**
 * Whether RDS's own backups are enough, by what the environment is for, how long they are kept and how many databases there are.
 * docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.html
 * @returns sentences for the screen
 */
export const backupAdvice = ({ environment, rds, databases }: Pick<Config, 'environment' | 'rds' | 'databases'>): string[] => {
  const days = rds.backupRetentionDays
  const production = isProduction(environment)
  if (days === 0)
    return [
      `RDS makes no backups (rds.backupRetentionDays is 0): lost data stays lost.${production ? ` For ${environment}, set ${FEW_DAYS} days or more (at most ${MOST_DAYS}).` : ''}`,
    ]
  const kept = `RDS backs up the whole server and can restore any second of the last ${days === 1 ? 'day' : `${days} days`}.`
  if (!production) return [`${kept} For ${environment} that is enough; before a risky change: infra db snapshot`]
  const reasons = [
    `older than ${days === 1 ? 'a day' : `${days} days`}`,
    ...(databases.names.length > 1 ? ['of one database alone'] : []),
    'or in another account or region',
  ]
  return [
    `${kept} For data ${reasons.join(', ')}, keep dumps of your own: infra db backup --all --to s3://<bucket>/<prefix>/`,
    ...(days < FEW_DAYS
      ? [`rds.backupRetentionDays is ${days}, which is short for ${environment}: up to ${MOST_DAYS} are possible.`]
      : []),
  ]
}
