import { HOURS_PER_MONTH, monthlyPrice } from '../../../aws/prices.ts'
import type { TaskDefinition } from '../../../aws/services/ecs-types.ts'
import { maybeSecret, shown } from '../../../ecs/difference.ts'
import { revisionOf } from '../../../ecs/revision.ts'
import type { OneOff } from '../../../ecs/task.ts'
import type { ServicePlace } from '../../../session/service.ts'
import { columns, list } from '../../../ui/format.ts'

/** As it would be typed: quoted only where a shell needs it. */
export const typedCommand = (words: readonly string[]): string =>
  words.map((w) => (/^[\w@%+=:,./-]+$/.test(w) ? w : `'${w.replaceAll("'", "'\\''")}'`)).join(' ')

/** USD an hour; undefined where the machines of the cluster are paid for anyway, or the size is not known. */
const hourly = (o: OneOff, region: string): { readonly usd: number; readonly elsewhere: boolean } | undefined => {
  const { cpu, memory, runtimePlatform } = o.definition
  const linux = runtimePlatform?.operatingSystemFamily === undefined || runtimePlatform.operatingSystemFamily === 'LINUX'
  if (o.place.launchType !== 'FARGATE' || !cpu || !memory || !linux) return undefined
  const of = runtimePlatform?.cpuArchitecture === 'ARM64' ? 'ARM64' : 'X86_64'
  const parts = [
    monthlyPrice(`fargate.${of}.vcpu`, region, Number(cpu) / 1024),
    monthlyPrice(`fargate.${of}.gb`, region, Number(memory) / 1024),
    ...(network(o)?.assignPublicIp === 'ENABLED' ? [monthlyPrice('ec2.public-ipv4.hour', region)] : []),
  ]
  const elsewhere = parts[0]?.pricesOf !== undefined
  return { usd: parts.reduce((sum, p) => sum + p.usd, 0) / HOURS_PER_MONTH, elsewhere }
}

const network = (o: OneOff) => o.place.networkConfiguration?.awsvpcConfiguration

const mainOf = (d: TaskDefinition, name: string) => d.containerDefinitions?.find((c) => c.name === name)

const launchOf = ({ place }: OneOff): string =>
  place.launchType ??
  (list((place.capacityProviderStrategy ?? []).map((c) => c.capacityProvider ?? '')) || 'as the cluster has it')

/** What is about to run, for a person on stderr and for programs as the event `plan`. stdout is the task's own. */
export const planOf = (p: ServicePlace, o: OneOff, beside: boolean, notes: readonly string[]): void => {
  const { io, named, region } = p
  const { c } = io
  const main = mainOf(o.definition, o.container)
  const price = hourly(o, region)
  const net = network(o)
  const command = o.command.length > 0 ? o.command : (main?.command ?? [])
  const all = [...notes, ...remarks(o, beside)]
  if (io.json) {
    io.event({
      type: 'plan',
      ...named,
      definition: revisionOf(o.definition.taskDefinitionArn),
      container: o.container,
      image: main?.image ?? null,
      command,
      variables: Object.keys(o.environment),
      launchType: launchOf(o),
      cpu: o.definition.cpu ?? null,
      memory: o.definition.memory ?? null,
      hourlyUsd: price ? Math.round(price.usd * 10_000) / 10_000 : null,
      subnets: net?.subnets ?? [],
      securityGroups: net?.securityGroups ?? [],
      publicAddress: net?.assignPublicIp === 'ENABLED',
      notes: all,
    })
    return
  }
  const where = p.sandbox
    ? c.yellow('SANDBOX (local AWS, nothing is real, nothing costs)')
    : `account ${p.caller.account}, ${region}`
  const stack = p.stack && named.key !== undefined ? `${p.stack.config.project} / ${p.stack.config.environment}` : named.cluster
  io.note(`${c.bold('Run')}  ${stack}  ${where}\n`)
  const size = [
    o.definition.cpu ? `${Number(o.definition.cpu) / 1024} vCPU` : '',
    o.definition.memory ? `${Number(o.definition.memory) / 1024} GB` : '',
  ].filter(Boolean)
  const cost = price
    ? `: about $${price.usd.toFixed(3)} an hour while it runs${price.elsewhere ? ' (price of us-east-1)' : ''}`
    : ''
  const rows = [
    ['task', `${revisionOf(o.definition.taskDefinitionArn)} in ${o.cluster}`],
    ['image', main?.image ?? ''],
    ['command', command.length > 0 ? c.bold(typedCommand(command)) : c.dim('that of the image')],
    ...(Object.keys(o.environment).length > 0
      ? [
          [
            'variables',
            Object.entries(o.environment)
              .map(([k, v]) => `${k}=${shown(k, v)}`)
              .join(', '),
          ],
        ]
      : []),
    ...(net
      ? [
          [
            'network',
            `${list(net.subnets ?? [])}; ${list(net.securityGroups ?? []) || 'the default group'}; ${net.assignPublicIp === 'ENABLED' ? 'with a public address' : 'no public address'}`,
          ],
        ]
      : []),
    ['size', `${[...size, `on ${launchOf(o)}`].join(', ')}${cost}`],
  ]
  io.note(columns(rows))
  for (const note of all) io.note(`  ${c.yellow('!')} ${note}`)
  io.note('')
}

const remarks = (o: OneOff, beside: boolean): string[] => {
  const main = mainOf(o.definition, o.container)
  const entry = main?.entryPoint ?? []
  const secret = Object.entries(o.environment).filter(([k, v]) => maybeSecret(k, v))
  return [
    ...(entry.length > 0 && o.command.length > 0
      ? [`The entry point of the container stays in front of the command: ${typedCommand(entry)}`]
      : []),
    ...(beside && o.command.length === 0
      ? ['Without a command it runs what the service runs, which usually does not end by itself']
      : []),
    ...secret.map(([name]) => `${name} looks like a secret, and everybody who may look at tasks sees it`),
  ]
}
