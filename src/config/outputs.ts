import type { Config } from './config.ts'
import type { StepName } from './names.ts'
import type { Output } from './section.ts'
import { sections } from './sections/index.ts'

/** What `${name}` in an environment and in `infra env` may name. */
export interface StackOutput {
  /** That makes it; undefined for what is there without any. */
  readonly step?: StepName | undefined
  /** Of a resource. */
  readonly of?: Output<Config>
  /** Of the config, or of the account (undefined: not asked yet). */
  readonly text?: (c: Config, account: string | undefined) => string | undefined
}

interface Handing {
  readonly step?: StepName
  readonly outputs?: Readonly<Record<string, Output<Config>>>
}

/** All outputs by their names: those of every stack, and then what each section hands out. */
export const OUTPUTS: ReadonlyMap<string, StackOutput> = new Map<string, StackOutput>([
  ['project', { text: (c) => c.project }],
  ['environment', { text: (c) => c.environment }],
  ['region', { text: (c) => c.region }],
  ['account', { text: (_, account) => account }],
  ...(sections as readonly Handing[]).flatMap(({ step, outputs = {} }) =>
    Object.entries(outputs).map(([name, of]): [string, StackOutput] => [name, { step, of }]),
  ),
])
