import type { Config } from '../../config/config.ts'
import type { JsonObject } from '../../core/json.ts'
import { addUp, type Bill, billFor } from '../../engine/bill.ts'
import { knownProps, resolve } from '../../engine/ref.ts'
import { declareStack } from '../../session/declare.ts'
import { offlineLookups } from '../../session/lookups.ts'
import { NO_MEMORY } from '../../state/memory.ts'

/** A month of a whole stack as the config describes it, at list prices, without usage. Asks nobody. */
export const monthOf = (config: Config): Bill =>
  addUp(
    declareStack(config, { ...offlineLookups(config, NO_MEMORY, ''), counts: {} })
      .nodes()
      .filter((n) => config.steps.some((step) => step === n.step))
      .map((n) =>
        billFor(n.kind, knownProps(resolve(n.props, () => undefined) as Record<string, unknown>) as JsonObject, config.region),
      ),
  )
