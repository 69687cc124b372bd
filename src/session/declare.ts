import type { Aws } from '../aws/clients.ts'
import { closest } from '../config/closest.ts'
import type { Config } from '../config/config.ts'
import { STEPS } from '../config/names.ts'
import { refuse } from '../core/errors.ts'
import type { Graph } from '../engine/graph.ts'
import { type Memory, NO_MEMORY } from '../state/memory.ts'
import type { Row } from '../state/schema.ts'
import { declare } from '../steps/index.ts'
import type { Lookups } from '../steps/types.ts'
import { list } from '../ui/format.ts'
import { offlineLookups } from './lookups.ts'

/** The steps that were named, checked; none named: all that are enabled. @throws InfraError (exit 2), with "did you mean" */
export const chosenSteps = (names: readonly string[], config: Pick<Config, 'steps'>): string[] => {
  for (const name of names) {
    if (config.steps.some((s) => s === name)) continue
    if (STEPS.some((s) => s === name))
      throw refuse(
        `The step ${name} is switched off`,
        'it is not among "steps" in infra.yaml',
        `Add ${name} to steps in infra.yaml`,
      )
    const meant = closest(name, config.steps)
    throw refuse(
      `There is no step ${name}`,
      meant ? `did you mean ${meant}?` : `the steps are ${list(config.steps)}`,
      `infra create ${meant ?? config.steps[0] ?? ''}`.trim(),
    )
  }
  return names.length > 0 ? config.steps.filter((s) => names.includes(s)) : [...config.steps]
}

/** The declared stack; refuses when a step is on whose ground is off. */
export const declareStack = (config: Config, at: Lookups): Graph<Aws> => {
  const graph = declare(config, at)
  for (const step of config.steps)
    for (const need of graph.needs(step))
      if (!config.steps.some((s) => s === need))
        throw refuse(
          `steps has ${step}, but not ${need}`,
          `${step} cannot be built without ${need}`,
          `Add ${need} to steps in infra.yaml`,
        )
  return graph
}

/**
 * Rows under the steps that they belong to today: a stack made by an earlier infra may have recorded a resource under a step that
 * has since handed it to another one. `create` writes the new step only for steps of the config.
 */
export const rowsToday = (rows: ReadonlyMap<string, Row>, config: Config, recorded: Memory): Map<string, Row> => {
  const graph = declare(config, offlineLookups(config, recorded, ''))
  return new Map([...rows].map(([key, row]) => [key, { ...row, step: graph.get(key)?.step ?? row.step }]))
}

/** Rows of the given steps. */
export const keysOf = (rows: ReadonlyMap<string, Row>, steps: readonly string[]): string[] =>
  [...rows].filter(([, row]) => steps.includes(row.step)).map(([key]) => key)

/** What can be said of the steps without asking AWS: they are known, and none stands on one that is off. */
export const checkedSteps = (names: readonly string[], config: Config): string[] => {
  const steps = chosenSteps(names, config)
  declareStack(config, offlineLookups(config, NO_MEMORY, ''))
  return steps
}
