import { regionOfShell } from '../../config/options.ts'
import { presetOf } from '../../config/presets/index.ts'
import { readConfig } from '../../config/read.ts'
import type { Answers } from '../../config/section.ts'
import { InfraError, refuse } from '../../core/errors.ts'
import { commandLine, type ioOf } from '../../session/globals.ts'
import { natPrice } from '../../session/questions.ts'
import { asker } from '../../ui/ask.ts'
import { usd } from '../../ui/format.ts'
import { PUBLIC_TASKS, variantCost } from './cost.ts'
import type { InitFlags } from './definitions.ts'
import { parseSet } from './set.ts'

/**
 * What a new infra.yaml needs to know: from the flags, from the preset, or, in a terminal, from a person.
 * @throws InfraError (exit 2) where something is missing and nobody can be asked
 */
export const ask = async (flags: InitFlags, io: ReturnType<typeof ioOf>): Promise<Answers> => {
  const given = (key: string): string | undefined => {
    const found = flags.set.map(parseSet).find((s) => s.path.join('.') === key)?.value
    return typeof found === 'string' ? found : undefined
  }
  const region = flags.region ?? given('region') ?? regionOfShell()
  const quiet = !io.interactive
  const questions = asker(io)
  const chosen =
    flags.preset ??
    (quiet
      ? undefined
      : await questions.choose(
          'What should the stack look like?',
          [
            {
              value: 'startupwebapp',
              name: 'startupwebapp  VPC, secrets, PostgreSQL 16 with its databases, a service behind a load balancer, monitoring',
              description: 'The StartupWebApp stack: db.t4g.small, seven days of backups, four alarms, a dashboard.',
            },
            {
              value: 'plain',
              name: 'plain          VPC, secrets, a small PostgreSQL, monitoring; containers when you name them',
              description: 'db.t4g.micro; every name and size can be set in infra.yaml.',
            },
            {
              value: DATABASE_ONLY,
              name: `database       the database of startupwebapp, without containers: about ${variantCost({ databaseOnly: true }, region)} a month`,
              description:
                'VPC, secrets, db.t4g.small with its databases, monitoring. Containers can come later: steps in infra.yaml.',
            },
          ],
          '--preset',
        ))
  const databaseOnly = chosen === DATABASE_ONLY
  const own = chosen === 'plain' ? undefined : databaseOnly ? 'startupwebapp' : chosen
  const defaults = presetOf(own)?.proposes
  const project = given('project') ?? defaults?.project
  const environment = flags.env ?? given('environment') ?? defaults?.environment ?? 'dev'
  const email = given('monitoring.email')
  if (quiet) {
    if (!project)
      throw refuse(
        'init needs the name of the project',
        'without a terminal nothing is asked',
        `${commandLine(flags, 'init')} --yes --set project=shop`,
      )
    return { preset: own, project, environment, region, email }
  }
  const check = (key: string) => (value: string) =>
    checked(key, { project: 'aa', environment: 'dev', region: 'us-east-1', [key]: value })
  const answers: Answers = {
    preset: own,
    project:
      given('project') ?? (await questions.text('Name of the project', project ?? '', check('project'), '--set project=shop')),
    environment:
      given('environment') ??
      flags.env ??
      (await questions.text('Environment', environment, check('environment'), '--set environment=production')),
    region:
      flags.region ?? given('region') ?? (await questions.text('AWS region', region, check('region'), '--set region=us-east-1')),
    email,
    databaseOnly,
  }
  const open = own !== undefined && !databaseOnly && !flags.set.some((text) => /^(vpc|ecs|steps)[.=]/.test(text))
  return open ? { ...answers, publicTasks: await asksPublic(questions, answers) } : answers
}

/** The answer for the database of the preset alone. */
const DATABASE_ONLY = 'database'

/** Tasks in private subnets reach their image, the secrets and the logs only through a NAT gateway, which is a large part of the bill. */
const asksPublic = async (questions: ReturnType<typeof asker>, { region }: Answers): Promise<boolean> => {
  const answer = await questions.choose(
    'Where do the containers run?',
    [
      {
        value: 'private',
        name: `${`private subnets, with a NAT gateway (${usd(natPrice(region))})`.padEnd(46)}about ${variantCost({}, region)} a month`,
        description: 'Tasks can be reached only through the load balancer.',
      },
      {
        value: 'public',
        name: `${'public subnets, without one'.padEnd(46)}about ${variantCost({ publicTasks: true }, region)} a month`,
        description: 'Each task has a public address; its security group lets in only the load balancer.',
      },
    ],
    PUBLIC_TASKS,
  )
  return answer === 'public'
}

/** The config's own rule for one key, as an answer to a wrong input. */
const checked = (key: string, values: Record<string, string>): string | undefined => {
  try {
    readConfig(values, {}, 'infra.yaml')
    return undefined
  } catch (error) {
    if (!(error instanceof InfraError)) return String(error)
    const sentences = [error.what, ...(error.why ?? '').split('\n').map((line) => line.trim())]
    return sentences.find((sentence) => sentence.startsWith(`${key} `)) ?? error.what
  }
}
