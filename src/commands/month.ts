import type { Config } from '../config/settle.ts'
import { monthly, round } from '../engine/plan.ts'
import { knownProps, resolve } from '../engine/ref.ts'
import type { JsonObject } from '../state/json.ts'
import { offlineLookups } from './lookups.ts'
import { declareStack } from './stack.ts'

/** USD a month of a whole stack as the config describes it, at list prices, without usage. Asks nobody. */
export const monthOf = (config: Config): number =>
  round(
    declareStack(config, { ...offlineLookups(config, {}, ''), counts: {} })
      .nodes()
      .filter((n) => config.steps.some((step) => step === n.step))
      .map((n) =>
        monthly(n.kind, knownProps(resolve(n.props, () => undefined) as Record<string, unknown>) as JsonObject, config.region),
      )
      .reduce((sum, usd) => sum + usd, 0),
  )
