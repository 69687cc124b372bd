import type { Config } from '../../config/config.ts'
import { presetOf } from '../../config/presets/index.ts'
import { parseYaml, readConfig } from '../../config/read.ts'
import type { Answers } from '../../config/section.ts'
import type { Bill } from '../../engine/bill.ts'
import { commandLine } from '../../session/globals.ts'
import { natPrice } from '../../session/questions.ts'
import { usd } from '../../ui/format.ts'
import { estimate, figure, remark } from '../../ui/money.ts'
import type { InitFlags } from './definitions.ts'
import { monthOf } from './month.ts'
import { type Setting, withSets } from './set.ts'
import { DATABASE_STEPS, template } from './template.ts'

/** The settings that run all tasks of the preset in public subnets. */
export const PUBLIC_TASKS = '--set vpc.nat=none --set ecs.services.web.subnets=public --set ecs.tasks.migrate.subnets=public'

/** A month of a variant of the preset at list prices, `$96.53`, before the person's own names are known. */
export const variantCost = (variant: Pick<Answers, 'databaseOnly' | 'publicTasks'>, region: string): string => {
  const { project, environment } = presetOf('startupwebapp')?.proposes ?? { project: 'shop', environment: 'production' }
  const text = template({ preset: 'startupwebapp', project, environment, region, email: undefined, ...variant })
  return figure(monthOf(readConfig(parseYaml('infra.yaml', text), {}, 'infra.yaml')))
}

/** What it costs a month and, where nobody was asked, the commands for what would cost less. */
export const costLines = (a: Answers, config: Config, file: string, sets: readonly Setting[], flags: InitFlags): string[] => {
  const of = (text: string): Bill => monthOf(readConfig(parseYaml(file, withSets(text, sets)), {}, file))
  const gateways = config.steps.includes('vpc') ? { none: 0, single: 1, perAz: config.vpc.azCount }[config.vpc.nat ?? 'none'] : 0
  const nat = gateways > 0 ? `, ${usd(gateways * natPrice(config.region))} of it for NAT gateways` : ''
  const bill = monthOf(config)
  const lines = [`  It costs ${estimate(bill)} a month${nat}${remark(bill)}.`]
  if (
    !a.preset ||
    a.publicTasks !== undefined ||
    a.databaseOnly ||
    sets.some(({ path }) => /^(vpc|steps|ecs)$/.test(path[0] ?? ''))
  )
    return lines
  const given = flags.set.map((text) => ` --set ${/[\s'"]/.test(text) ? `'${text.replaceAll("'", "'\\''")}'` : text}`).join('')
  const again = (more: string): string => commandLine(flags, `init --force --preset ${a.preset}${given} ${more} --yes`)
  return [
    ...lines,
    `  With tasks in public subnets, without a NAT gateway, ${estimate(of(template({ ...a, publicTasks: true })))}: ${again(PUBLIC_TASKS)}`,
    `  The database alone, without containers, ${estimate(of(template({ ...a, databaseOnly: true })))}: ${again(`--set 'steps=${DATABASE_STEPS}'`)}`,
  ]
}
