import type { Config } from '../../../config/config.ts'
import { InfraError, refuse } from '../../../core/errors.ts'
import { maybeSecret } from '../../../ecs/difference.ts'
import { ecrImage, imageFor, presenceOf, pushLines } from '../../../ecs/image.ts'
import type { Step } from '../../../ecs/record.ts'
import { type Changes, candidates, containerOf } from '../../../ecs/revision.ts'
import { findSecret, parseSecret, type SecretFound, type SecretWish } from '../../../ecs/secret.ts'
import type { Found } from '../../../ecs/service.ts'
import { commandLine, inSandbox } from '../../../session/globals.ts'
import { refuseOthers } from '../../../session/owner.ts'
import type { ServicePlace } from '../../../session/service.ts'
import { asker } from '../../../ui/ask.ts'
import type { DeployFlags } from '../definitions.ts'

export interface Wish {
  readonly changes: Changes
  /** The same in the words of the config, as far as it may be written down. */
  readonly step: Step
  /** What a person should know before saying yes. */
  readonly notes: readonly string[]
}

/**
 * What the flags ask for, checked as far as it can be before anything is changed.
 * @param words the command that was typed
 * @throws InfraError (exit 2)
 */
export const wishOf = async (p: ServicePlace, found: Found, f: DeployFlags, words: string): Promise<Wish> => {
  const environment = pairs('--set-env', f.setEnv)
  const asked = pairs('--set-secret', f.setSecret)
  once([...Object.keys(environment), ...Object.keys(asked), ...f.unset.map(variable)])
  const container = f.container ?? (await choose(p, found))
  const main = containerOf(found.definition, container, found.service)
  const image = f.image === undefined ? undefined : imageFor(main.image, f.image)
  const notes: string[] = []
  if (image !== undefined && image !== main.image) notes.push(...(await imageNotes(p, image)))
  const secrets: Record<string, SecretFound & { readonly step: string }> = {}
  for (const [name, text] of Object.entries(asked)) {
    const secret = await secretFor(p, name, text, words)
    secrets[name] = secret
    if (secret.note) notes.push(secret.note)
  }
  const there = new Set([...(main.environment ?? []), ...(main.secrets ?? [])].map((v) => v.name))
  for (const name of f.unset) if (!there.has(name)) notes.push(`${name} is not set, so nothing is taken away`)
  for (const [name, value] of Object.entries(environment)) if (maybeSecret(name, value)) notes.push(plainSecret(p, name))
  const every = <K extends 'valueFrom' | 'step'>(k: K): Record<string, string> =>
    Object.fromEntries(Object.entries(secrets).map(([name, s]) => [name, s[k]]))
  const written = Object.fromEntries(Object.entries(environment).filter(([name, value]) => !maybeSecret(name, value)))
  return {
    changes: { image, environment, secrets: every('valueFrom'), unset: f.unset, container: main.name },
    step: { image, environment: written, secrets: every('step'), unset: f.unset },
    notes,
  }
}

const VARIABLE = /^[A-Za-z_][\w.-]{0,254}$/
const variable = (name: string): string => {
  if (VARIABLE.test(name)) return name
  throw refuse(`${name} is no name of a variable`, 'it has letters, digits and _', 'for example LOG_LEVEL')
}

/** `K=V` of a flag that can be repeated. @throws InfraError (exit 2) */
export const pairs = (flag: string, texts: readonly string[]): Record<string, string> => {
  const all = texts.map((text): [string, string] => {
    const at = text.indexOf('=')
    // Not quoted: what stands there may be a secret.
    if (at < 1)
      throw refuse(
        `${flag} needs a name and a value`,
        'there is no = in it',
        `for example ${flag} ${flag === '--set-env' ? 'LOG_LEVEL=debug' : 'DB_PASSWORD=database:password'}`,
      )
    return [variable(text.slice(0, at)), text.slice(at + 1)]
  })
  once(all.map(([name]) => name))
  return Object.fromEntries(all)
}

const once = (names: readonly string[]): void => {
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined)
    throw refuse(`${twice} is named twice`, 'a variable is set, taken from a secret or taken away, once', 'Name it once')
}

/** Where several containers may be the application, a person says which. */
const choose = async (p: ServicePlace, { definition, service }: Found): Promise<string | undefined> => {
  const found = candidates(definition, service)
  if (found.length < 2 || !p.io.interactive) return undefined
  const choices = found.map((c) => ({ value: c.name ?? '', name: c.name ?? '', description: c.image ?? '' }))
  return asker(p.io).choose('Which container is the application?', choices, '--container <name>')
}

/**
 * What is not in the registry cannot run: said before anything is changed.
 * @param instead another way than to push it, where there is one
 * @throws InfraError (exit 2) when the image or its repository is missing
 */
export const imageNotes = async (p: ServicePlace, image: string, instead?: string): Promise<string[]> => {
  const at = ecrImage(image)
  if (!at) return []
  const presence = await presenceOf(p.aws, image, { account: p.caller.account, region: p.region })
  if (presence === 'there') return []
  if (typeof presence === 'object') return [`Whether ${image} is there was not checked: ${presence.unknown}`]
  const none = presence === 'no repository'
  const own = p.stack?.config.steps.includes('registry') && p.stack.config.registry.name === at.name
  const made = own
    ? commandLine(p.g, 'create registry')
    : `aws ecr create-repository --repository-name ${at.name} --region ${at.region}`
  throw new InfraError(`The image ${image} is not in the registry`, {
    why: none
      ? `there is no repository ${at.name} in this account and region; nothing was changed`
      : `${at.name} has no image ${at.digest ?? at.tag ?? 'latest'}; nothing was changed`,
    next: [
      ...(none
        ? [`check the name; if it is right, make the repository: ${p.sandbox && !own ? inSandbox(made) : made}`, 'then']
        : []),
      'push it, then run the same command again:',
      ...pushLines(at, p.sandbox).map((line) => `  ${line}`),
      ...(instead ? [`or ${instead}`] : []),
    ].join('\n'),
    exitCode: 2,
  })
}

/** By its name in the config, or in Secrets Manager, or by its ARN: always the whole ARN comes out. */
const secretFor = async (p: ServicePlace, name: string, text: string, words: string): Promise<SecretFound & { step: string }> => {
  const wish = parseSecret(name, text)
  const config = p.stack?.config
  const known = config ? [config.secrets.database, ...config.secrets.others] : []
  const named = known.find((s) => s.key === wish.id)
  const found = await findSecret(
    p.aws,
    { ...wish, id: named?.name ?? wish.id },
    { region: p.region, names: known.map((s) => s.key), ours: named !== undefined },
  )
  // A whole ARN is nobody's slip; a name may mean another secret in each environment.
  if (found.name !== undefined && found.arn !== wish.id)
    refuseOthers(config, p.g, { what: `The secret ${found.name}`, tags: found.tags, words })
  const own = named ?? known.find((s) => s.name === found.name)
  const place = own?.key ?? found.arn
  const step = `${place}:${wish.key ?? ''}`
  if (p.named.key !== undefined && config && !readable(config).has(place)) throw barred(p, config, name, wish, step)
  return { ...found, step }
}

/** Secrets that the execution role of the stack reads: those that the config uses, and no others. */
const readable = ({ ecs }: Config): Set<string> => {
  const all = [...Object.values(ecs.services), ...Object.values(ecs.tasks)]
  return new Set(all.flatMap((x) => Object.values(x.secrets).map((from) => from.slice(0, from.lastIndexOf(':')))))
}

const barred = (p: ServicePlace, { ecs }: Config, name: string, wish: SecretWish, step: string): InfraError =>
  refuse(
    `The role ${ecs.executionRole} may not read the secret ${wish.id}`,
    'it reads what infra.yaml names, and no other: the tasks would not start',
    `Write ${name}: ${step} under ecs.services.${p.named.key}.secrets in infra.yaml, then: infra create ecs`,
  )

const plainSecret = (p: ServicePlace, name: string): string => {
  const kept = p.named.key === undefined ? '' : ' It is not written into the state, so the next infra create takes it away.'
  return `${name} looks like a secret, and everybody who may look at the task definition sees it. Better: --set-secret ${name}=<secret:KEY>.${kept}`
}
