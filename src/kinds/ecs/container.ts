import type { ContainerDefinition } from '@aws-sdk/client-ecs'
import { type JsonObject, same } from '../../core/json.ts'

/** One container of a task: the part of AWS's definition that is used here. What is left out has AWS's default. */
export type Container = {
  name: string
  image: string
  /** When it ends, the whole task ends. */
  essential: boolean
  command?: readonly string[]
  environment: Readonly<Record<string, string>>
  /** By the variable's name: the secret, and the key of its JSON. The values reach the container only. */
  secrets: Readonly<Record<string, { readonly arn: string; readonly key?: string }>>
  portMappings?: readonly { readonly containerPort: number; readonly protocol?: 'tcp' | 'udp' }[]
  /** The log group that its output goes to. */
  logGroup?: string
  /** Default: the container's name. */
  streamPrefix?: string
  /** The seconds between checks, for one check, and before the first that counts; the failures that make it unhealthy. */
  healthCheck?: {
    readonly command: readonly string[]
    readonly interval?: number
    readonly timeout?: number
    readonly retries?: number
    readonly startPeriod?: number
  }
}

/** AWS takes and answers variables as lists, in any order. */
const pairs = (record: Readonly<Record<string, string>>) =>
  Object.entries(record)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value }))

/** @param region where the log groups are */
export const toAws = (c: Container, region: string): ContainerDefinition => ({
  name: c.name,
  image: c.image,
  essential: c.essential,
  ...(c.command ? { command: [...c.command] } : {}),
  environment: pairs(c.environment),
  secrets: Object.entries(c.secrets).map(([name, { arn, key }]) => ({
    name,
    // After the ARN: key, version stage, version id. docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
    valueFrom: key === undefined ? arn : `${arn}:${key}::`,
  })),
  ...(c.portMappings
    ? { portMappings: c.portMappings.map((p) => ({ containerPort: p.containerPort, protocol: p.protocol ?? 'tcp' })) }
    : {}),
  ...(c.logGroup === undefined
    ? {}
    : {
        logConfiguration: {
          logDriver: 'awslogs' as const,
          options: {
            'awslogs-group': c.logGroup,
            'awslogs-region': region,
            'awslogs-stream-prefix': c.streamPrefix ?? c.name,
          },
        },
      }),
  ...(c.healthCheck ? { healthCheck: { ...c.healthCheck, command: [...c.healthCheck.command] } } : {}),
})

/** In our words, with nothing left out: two definitions that mean the same become equal. */
const plain = (d: ContainerDefinition): JsonObject & Container => {
  const logs = d.logConfiguration?.options
  const check = d.healthCheck
  return {
    name: d.name ?? '',
    image: d.image ?? '',
    essential: d.essential ?? true,
    command: d.command ?? [],
    environment: Object.fromEntries((d.environment ?? []).map((e) => [e.name ?? '', e.value ?? ''])),
    secrets: Object.fromEntries((d.secrets ?? []).map((s) => [s.name ?? '', secretOf(s.valueFrom ?? '')])),
    portMappings: (d.portMappings ?? [])
      .map((p) => ({ containerPort: p.containerPort ?? 0, protocol: p.protocol ?? 'tcp' }))
      .sort((a, b) => a.containerPort - b.containerPort || a.protocol.localeCompare(b.protocol)),
    ...(logs
      ? {
          logGroup: logs['awslogs-group'] ?? '',
          logRegion: logs['awslogs-region'] ?? '',
          streamPrefix: logs['awslogs-stream-prefix'] ?? '',
        }
      : {}),
    ...(check
      ? {
          healthCheck: {
            command: check.command ?? [],
            interval: check.interval ?? 30,
            timeout: check.timeout ?? 5,
            retries: check.retries ?? 3,
            startPeriod: check.startPeriod ?? 0,
          },
        }
      : {}),
  }
}

/** Seven parts are the ARN of a secret; what follows is the key in it. A parameter of Systems Manager has no key. */
const secretOf = (valueFrom: string): { arn: string; key?: string } => {
  const parts = valueFrom.split(':')
  if (parts[2] !== 'secretsmanager' || parts.length <= 7) return { arn: valueFrom }
  return { arn: parts.slice(0, 7).join(':'), key: parts.slice(7).join(':').replace(/:+$/, '') }
}

/** As they are wanted when AWS has the same: it fills in defaults and sorts as it likes, and only a real difference counts. */
export const inWantedWords = (
  is: readonly ContainerDefinition[],
  want: readonly Container[] | undefined,
  region: string | undefined,
): readonly Container[] => {
  const now = is.map(plain)
  if (!want) return now
  const wanted = want.map((c) => plain(toAws(c, region ?? '')))
  if (same(now, wanted)) return want
  return now.map((c) => {
    const at = wanted.findIndex((w) => w.name === c.name)
    const [words, mine] = [want[at], wanted[at]]
    return words && mine ? likeIn(c, mine, words) : c
  })
}

/** What is the same stands there in the words of the config, so that only what differs is told. */
const likeIn = (now: JsonObject & Container, mine: JsonObject, words: Container): Container => {
  const fields = Object.keys(now).flatMap((field): [string, unknown][] => {
    if (!same(now[field] ?? null, mine[field] ?? null)) return [[field, now[field]]]
    const word = (words as Readonly<Record<string, unknown>>)[field]
    return word === undefined ? [] : [[field, word]]
  })
  return Object.fromEntries(fields) as Container
}
