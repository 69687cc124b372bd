import { addUp, billFor, type Remarks } from '../../engine/bill.ts'
import { round } from '../../engine/plan.ts'
import { kindOf } from '../../kinds/index.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import type { Row } from '../../state/schema.ts'
import { list } from '../../ui/format.ts'
import type { Io } from '../../ui/io.ts'
import { aMonth } from '../../ui/money.ts'

/** What is recorded of a step that the config does not have: a server made from a snapshot, or a step that was switched off. */
export interface Beside extends Remarks {
  readonly step: string
  readonly names: readonly string[]
  readonly monthlyUsd: number
}

/** It costs as well, so status must not keep it back. */
export const besideOf = (rows: ReadonlyMap<string, Row>, steps: readonly string[], region: string): Beside[] => {
  const others = [...rows.values()].filter((r) => !steps.includes(r.step) && !r.adopted)
  return [...new Set(others.map((r) => r.step))].map((step) => {
    const of = others.filter((r) => r.step === step)
    const bill = addUp(of.filter((r) => r.attrs).map((r) => billFor(kindOf(r.type), r.want, region)))
    const { usd, ...remarks } = bill
    return { step, names: of.map((r) => r.name), monthlyUsd: round(usd), ...remarks }
  })
}

export const besideScreen = (io: Io, beside: readonly Beside[], g: Globals): void => {
  for (const { step, names, monthlyUsd, ...remarks } of beside) {
    const what = names.length > 3 ? `${names.length} resources` : list(names)
    io.say(
      `  ${io.c.yellow(`Beside them: ${step}`)} (${what}), ${aMonth({ ...remarks, usd: monthlyUsd }, io.c.bold)} more. To take it down: ${io.c.cyan(commandLine(g, `destroy ${step}`))}`,
    )
  }
}
