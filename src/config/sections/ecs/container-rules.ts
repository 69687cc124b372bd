import { closest } from '../../closest.ts'
import type { No, On } from '../../rule.ts'
import { secretsIn } from '../secrets.ts'
import { type All, type Place, subnetsOf } from './all.ts'
import type { EcsTask } from './schema.ts'

/** MiB that Fargate offers for each cpu. docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html */
const MEMORY: Readonly<Record<number, readonly [min: number, max: number, step: number]>> = {
  256: [512, 2048, 512],
  512: [1024, 4096, 1024],
  1024: [2048, 8192, 1024],
  2048: [4096, 16384, 1024],
  4096: [8192, 30720, 1024],
  8192: [16384, 61440, 4096],
  16384: [32768, 122880, 8192],
}

/** What holds for a service and for a task. */
export const part = (place: Place, of: EcsTask, c: All, on: On, no: No): void => {
  fargate(place, of, no)
  if (on('ecs') && of.image === undefined && !on('registry'))
    no([...place.path, 'image'], undefined, 'without the step registry the image must be named, for example nginx:1.27')
  if (on('ecs')) network(place, of, c, no)
  for (const [variable, from] of Object.entries(of.secrets)) {
    const path = [...place.path, 'secrets', variable]
    secret(path, from, c, on, no)
    if (Object.hasOwn(of.environment, variable))
      no(path, from, `${variable} stands in environment too; ECS refuses a name twice, for example ${variable}_SECRET`)
  }
  for (const [i, name] of of.runtimeSecrets.entries()) known([...place.path, 'runtimeSecrets', i], name, c, on, no)
}

const fargate = ({ path }: Place, { cpu, memory }: EcsTask, no: No): void => {
  const range = MEMORY[cpu]
  if (!range) {
    no([...path, 'cpu'], cpu, `Fargate takes ${Object.keys(MEMORY).join(', ')}, for example 256`)
    return
  }
  const [min, max, step] = range
  const fits = memory >= min && memory <= max && (memory - min) % step === 0
  // The smallest cpu has three sizes: 512, 1024, 2048.
  if (!fits || (cpu === 256 && memory === 1536))
    no(
      [...path, 'memory'],
      memory,
      `for cpu ${cpu} Fargate offers ${cpu === 256 ? '512, 1024 or 2048' : `${min} to ${max} in steps of ${step}`} MiB, for example ${min}`,
    )
}

/** A task that cannot reach the registry, the secrets and the logs never starts. */
const network = ({ path }: Place, of: EcsTask, { vpc }: All, no: No): void => {
  const subnets = subnetsOf(of, vpc)
  if (subnets === 'private' && vpc.mode === 'new' && vpc.nat === 'none')
    no(
      [...path, 'subnets'],
      subnets,
      'tasks in private subnets need a way to the registry, the secrets and the logs; set vpc.nat to single, or subnets to public, for example subnets: public',
    )
  if (subnets === 'private' && vpc.mode === 'default')
    no(
      [...path, 'subnets'],
      subnets,
      'the default VPC has public subnets only, where a task needs a public address, for example subnets: public',
    )
  if (subnets === 'public' && vpc.mode === 'existing' && (vpc.publicSubnetIds ?? []).length === 0)
    no(
      [...path, 'subnets'],
      subnets,
      'vpc.publicSubnetIds names none, so set them, or subnets to private, for example subnets: private',
    )
}

const ALWAYS = ['engine', 'host', 'port', 'master_username', 'master_password', 'username', 'password', 'dbClusterIdentifier']

/** `name:key`; what an ARN leads to is not in the config. */
const secret = (path: (string | number)[], from: string, c: All, on: On, no: No): void => {
  const found = known(path, from, c, on, no, ':password')
  if (!found) return
  const [name = '', key = ''] = from.split(':')
  const keys = [...(name === 'database' ? ALWAYS : []), ...Object.keys(found.keys)]
  if (!keys.includes(key))
    no(
      path,
      from,
      keys.length > 0
        ? `secrets.${name} has no key ${key}, and no task would start; it has ${keys.join(', ')}, for example ${name}:${closest(key, keys) ?? keys.find((k) => k === 'password') ?? keys.at(-1)}`
        : `secrets.${name} has no key ${key}, and no task would start; write it under secrets.${name}.keys, for example ${key}: { generate: 32 }`,
    )
}

/** The secret of the config that is named; undefined for one that is somebody else's, and for one that is not there. */
const known = (path: (string | number)[], from: string, c: All, on: On, no: No, rest = '') => {
  if (/^arn:[^:]*:secretsmanager:/.test(from)) return undefined
  const [name = ''] = from.split(':')
  const secrets = secretsIn(c.secrets)
  const found = Object.hasOwn(secrets, name) ? secrets[name] : undefined
  if (!found) no(path, from, `secrets has no ${name}, for example ${closest(name, Object.keys(secrets)) ?? 'database'}${rest}`)
  else if (on('ecs') && !on('secrets'))
    no(path, from, 'it comes from the step secrets, which is not among steps: add it, for example steps: [..., secrets]')
  return found
}
