import { closest } from '../../config/closest.ts'
import type { Config } from '../../config/config.ts'
import { STEPS, type StepName } from '../../config/names.ts'
import { OUTPUTS } from '../../config/outputs.ts'
import { hostOf } from '../../config/sections/load-balancer.ts'
import { usesDatabaseSecret } from '../../config/uses.ts'
import { refuse } from '../../core/errors.ts'
import { list } from '../../ui/format.ts'

/**
 * The database that is meant: the one that was named, or the only one there is. Never one of several without a word: an application
 * that is given the wrong tenant works, on somebody else's data.
 * @throws InfraError (exit 2)
 */
export const chosenDatabase = ({ databases, rds }: Config, name: string | undefined): string | undefined => {
  const names = databases.names.length > 0 ? databases.names : rds.databaseName === undefined ? [] : [rds.databaseName]
  if (name === undefined) return names.length === 1 ? names[0] : undefined
  if (names.includes(name)) return name
  const meant = closest(name, names)
  throw refuse(
    `There is no database ${name} in infra.yaml`,
    meant ? `did you mean ${meant}?` : names.length > 0 ? `it has ${list(names)}` : undefined,
    meant ? `infra env --database ${meant}` : 'infra db list',
  )
}

/** What an application wants to know, under the names that most of them have for it: where infra.yaml has no `env`. */
export const usualNames = (config: Config, database: string | undefined): Record<string, string> => {
  const on = (step: StepName): boolean => config.steps.includes(step)
  const some = (step: StepName, names: Record<string, string>): Record<string, string> => (on(step) ? names : {})
  // Under which name the certificate of the load balancer is shown only its owner knows.
  const unknown = hostOf(config.loadBalancer, 'x') === undefined ? ['loadBalancer.url'] : []
  const handedOut = (of: StepName): Record<string, string> =>
    some(
      of,
      Object.fromEntries(
        [...OUTPUTS].flatMap(([name, output]) =>
          output.step === of && output.of?.variable && !unknown.includes(name) ? [[output.of.variable, `\${${name}}`]] : [],
        ),
      ),
    )
  const role = config.databases.roles === 'shared' || database !== undefined
  return {
    AWS_REGION: '${region}',
    ...handedOut('rds'),
    ...some('databases', {
      ...(database === undefined ? {} : { DATABASE_NAME: '${database.name}' }),
      ...(role ? { DATABASE_USER: '${database.user}', DATABASE_PASSWORD: '${database.password}' } : {}),
    }),
    ...some('secrets', {
      ...(role && usesDatabaseSecret(config) ? { DATABASE_SECRET_ARN: '${database.secretArn}' } : {}),
      ...Object.fromEntries(config.secrets.others.map(({ key }) => [`${variable(key)}_SECRET_ARN`, `\${secretArn:${key}}`])),
    }),
    ...Object.assign({}, ...STEPS.filter((step) => step !== 'rds').map(handedOut)),
  }
}

const variable = (key: string): string =>
  key
    .toUpperCase()
    .replace(/\W/g, '_')
    .replace(/^(?=\d)/, '_')
