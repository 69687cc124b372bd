import type { Config } from './config.ts'

/** What a deploy has made of a container since. */
interface Deployed {
  readonly secrets?: Readonly<Record<string, string>>
}

/**
 * Whether anything takes something from the secret of the database: a stack without a database does not get one. What is in it counts as
 * well: keys that infra.yaml puts there are the application's.
 */
export const usesDatabaseSecret = (c: Config, deployed: Readonly<Record<string, Deployed>> = {}): boolean => {
  const containers = [...Object.values(c.ecs.services), ...Object.values(c.ecs.tasks)]
  const secrets = [...containers, ...Object.values(deployed)].flatMap((x) => Object.values(x.secrets ?? {}))
  const texts = [...containers.flatMap((x) => Object.values(x.environment)), ...Object.values(c.env)]
  return (
    (['rds', 'databases', 'bastion'] as const).some((step) => c.steps.includes(step)) ||
    Object.keys(c.secrets.database.keys).length > 0 ||
    secrets.some((from) => from.startsWith('database:')) ||
    texts.some((text) => /\$\{(secret\.|database\.|secret:database\b|secretArn:database\b)/.test(text))
  )
}

/** Whether there is a security group for a bastion: beside a database it is made ahead of one. */
export const hasBastionGroup = ({ steps }: Pick<Config, 'steps'>): boolean => steps.includes('rds') || steps.includes('bastion')
