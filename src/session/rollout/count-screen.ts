import type { JsonObject } from '../../core/json.ts'
import type { ScalingTarget } from '../../ecs/scaling.ts'
import type { Found } from '../../ecs/service.ts'
import { type Bill, billFor } from '../../engine/bill.ts'
import { round } from '../../engine/plan.ts'
import { kindOf } from '../../kinds/index.ts'
import { change, count, daily } from '../../ui/format.ts'
import { aMonth, figure, remark } from '../../ui/money.ts'
import type { ServicePlace } from '../service.ts'
import { title } from './screen.ts'

/** A month of so many tasks; undefined where they cost nothing of their own: they run on instances that are paid for. */
export const costOfTasks = (region: string, { service, definition }: Found, desired: number): Bill | undefined => {
  const capacity = (service.capacityProviderStrategy ?? []).map((c) => ({
    provider: c.capacityProvider ?? '',
    weight: c.weight ?? 0,
  }))
  const fargate =
    service.launchType === 'FARGATE' || (capacity.length > 0 && capacity.every((c) => c.provider.startsWith('FARGATE')))
  if (!fargate || !definition.cpu || !definition.memory) return undefined
  const size = {
    cpu: Number(definition.cpu),
    memory: Number(definition.memory),
    architecture: definition.runtimePlatform?.cpuArchitecture ?? 'X86_64',
  }
  const publicAddress = service.networkConfiguration?.awsvpcConfiguration?.assignPublicIp === 'ENABLED'
  return monthOf({ size, desired, publicAddress, capacity }, region)
}

/** A month of a service as its kind counts it. */
export const monthOf = (want: JsonObject, region: string): Bill => billFor(kindOf('ecs.service'), want, region)

export interface ScalePlan {
  readonly found: Found
  readonly from: number
  readonly to: number
  readonly autoscaling: Pick<ScalingTarget, 'min' | 'max'> | undefined
  readonly notes: readonly string[]
}

/** What changes, and what it costs a month more or less. */
export const scaleScreen = (p: ServicePlace, { found, from, to, autoscaling, notes }: ScalePlan): void => {
  const { io, region } = p
  const { c } = io
  const [before, after] = [costOfTasks(region, found, from), costOfTasks(region, found, to)]
  const monthlyChangeUsd = before === undefined || after === undefined ? undefined : round(after.usd - before.usd)
  if (io.json)
    io.event({
      type: 'plan',
      ...p.named,
      from,
      to,
      monthlyChangeUsd: monthlyChangeUsd ?? null,
      autoscaling: autoscaling ? { min: autoscaling.min, max: autoscaling.max } : null,
      notes,
    })
  title(p, 'Scale')
  io.say(`  ${found.name} in ${found.cluster}: ${count(from, 'task')} -> ${c.bold(count(to, 'task'))}`)
  for (const note of notes) io.say(`  ${c.yellow('!')} ${note}`)
  const spot = (found.service.capacityProviderStrategy ?? []).some((x) => x.capacityProvider === 'FARGATE_SPOT')
  const cost =
    monthlyChangeUsd === undefined || after === undefined
      ? 'Its tasks run on instances of the cluster: they cost the same.'
      : monthlyChangeUsd === 0
        ? `Costs the same: ${aMonth(after)}.`
        : `${c.bold(change(monthlyChangeUsd))} a month, ${change(Math.sign(monthlyChangeUsd) * daily(Math.abs(monthlyChangeUsd)))} a day: ${figure(after)} a month in all${remark(after)}${spot ? ', up to 70 % less on Spot' : ''}.`
  io.say(`\n  ${cost}`)
}
