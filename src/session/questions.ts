import { monthlyPrice } from '../aws/prices.ts'
import type { Config } from '../config/config.ts'
import { type Setting, setKeys } from '../config/edit.ts'
import { email } from '../config/kit.ts'
import { type Loaded, loadConfig, readText } from '../config/load.ts'
import { replaceFile } from '../state/replace.ts'
import type { Asker } from '../ui/ask.ts'
import { usd } from '../ui/format.ts'
import type { Globals } from './globals.ts'

/** What one NAT gateway with its address costs a month. */
export const natPrice = (region: string): number =>
  monthlyPrice('ec2.nat-gateway.hour', region).usd + monthlyPrice('ec2.public-ipv4.hour', region).usd

const asksNat = (config: Config, steps: readonly string[]): boolean => steps.includes('vpc') && config.vpc.nat === undefined
const asksEmail = (config: Config, steps: readonly string[]): boolean =>
  steps.includes('monitoring') && config.monitoring.emails.length === 0

/** Whether these steps have a question whose answer changes what is made. */
export const isOpen = (config: Config, steps: readonly string[]): boolean => asksNat(config, steps)

/** Asks what the config leaves open and the chosen steps need, and writes the answers into the config, so that nobody is asked twice. */
export const openQuestions = async (loaded: Loaded, steps: readonly string[], ask: Asker, g: Globals): Promise<Loaded> => {
  const { config } = loaded
  const answers: [path: string[], value: string][] = []
  if (asksNat(config, steps)) {
    const one = natPrice(config.region)
    const nat = await ask.choose(
      'Create a NAT gateway? It lets private subnets reach the internet; databases do not need it.',
      [
        {
          value: 'none',
          name: `none      saves ${usd(one)} a month (recommended)`,
          description:
            'Backends that call other services (payment, mail) then run in the public subnets. It can be added at any time.',
        },
        {
          value: 'single',
          name: `single    ${usd(one)} a month`,
          description: 'One for all zones: backends run in private subnets. If its zone fails, the way out fails.',
        },
        {
          value: 'perAz',
          name: `per zone  ${usd(one * config.vpc.azCount)} a month`,
          description: 'One in each zone: the way out survives the loss of a zone.',
        },
      ],
      'vpc.nat in infra.yaml',
    )
    answers.push([['vpc', 'nat'], nat])
  }
  if (asksEmail(config, steps)) {
    const check = (v: string): string | undefined =>
      v === '' || email.safeParse(v).success ? undefined : 'That is not an e-mail address, for example ops@example.com'
    const address = await ask.text(
      'Who gets the alarms? (e-mail; empty: nobody for now)',
      '',
      check,
      'monitoring.email in infra.yaml',
    )
    if (address) answers.push([['monitoring', 'email'], address])
  }
  if (answers.length === 0) return loaded
  await setInFile(loaded.file, answers)
  return loadConfig({ file: g.config, environment: g.env, region: g.region })
}

/** Sets keys in a YAML file and leaves its comments and everything else as they are. */
export const setInFile = async (file: string, values: readonly Setting[]): Promise<void> =>
  replaceFile(file, setKeys((await readText(file)) ?? '', values))
