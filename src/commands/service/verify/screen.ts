import type { Check, Outcome } from '../../../ecs/checks/check.ts'
import { revisionOf } from '../../../ecs/revision.ts'
import type { Found } from '../../../ecs/service.ts'
import type { ServicePlace } from '../../../session/service.ts'

/** Wide enough for most names: lines come one by one. */
const WIDTH = 26

/** One line for each check, as soon as it and all before it are known. */
export const verifyScreen = ({
  io,
  spoken,
}: Pick<ServicePlace, 'io' | 'spoken'>): { readonly shown: readonly Check[]; show(checks: readonly Check[]): void } => {
  const { c } = io
  const shown: Check[] = []
  const sign: Readonly<Record<Outcome, string>> = { pass: c.green('✓'), fail: c.red('✗'), warn: c.yellow('!'), skip: c.dim('-') }
  const text = ({ name, outcome, detail, next, examples = [] }: Check): string =>
    [
      `  ${sign[outcome]} ${name.padEnd(WIDTH)}  ${outcome === 'skip' ? c.dim(`skipped: ${detail}`) : detail}`,
      ...examples.map((e) => c.dim(`      ${e}`)),
      ...(next && outcome !== 'pass' ? [`      ${c.dim('next:')} ${c.cyan(next)}`] : []),
    ].join('\n')
  return {
    shown,
    show(checks) {
      for (const found of checks) {
        const check = found.next === undefined ? found : { ...found, next: spoken(found.next) }
        shown.push(check)
        const { name, outcome, detail, next = null, examples } = check
        if (io.json) io.event({ type: 'check', name, outcome, detail, next, ...(examples?.length ? { examples } : {}) })
        else io.say(text(check))
      }
    },
  }
}

/** The sum of it. @returns the exit code */
export const verdict = ({ io, named }: ServicePlace, found: Found, checks: readonly Check[]): number => {
  const { c } = io
  const of = (outcome: Outcome): Check[] => checks.filter((x) => x.outcome === outcome)
  const [passed, failed, warned, skipped] = [of('pass'), of('fail'), of('warn'), of('skip')]
  const outcome = failed.length > 0 ? 'fail' : 'pass'
  const counts = { passed: passed.length, failed: failed.length, warned: warned.length, skipped: skipped.length }
  if (io.json) io.event({ type: 'result', outcome, ...named, revision: revisionOf(found.service.taskDefinition), ...counts })
  const rest = [
    ...(warned.length > 0 ? [`${warned.length} to be looked at`] : []),
    ...(skipped.length > 0 ? [`${skipped.length} skipped, so not known`] : []),
  ].join(', ')
  const first =
    failed.length > 0 ? `${c.red('✗')} ${failed.length} of ${checks.length} failed` : `${c.green('✓')} ${passed.length} passed`
  io.say(`\n${first}${rest ? `, ${rest}` : ''}.`)
  return failed.length > 0 ? 1 : 0
}
