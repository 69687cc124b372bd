import { DEFAULT_STEPS } from '../../config/names.ts'
import { presetOf } from '../../config/presets/index.ts'
import type { Answers } from '../../config/section.ts'
import { sections } from '../../config/sections/index.ts'
import type { JsonObject } from '../../core/json.ts'

export const DATABASE_STEPS = `[${DEFAULT_STEPS.join(', ')}]`

type Sample = (a: Answers, preset: JsonObject) => string

const stepsOf = (a: Answers): string => {
  if (!a.preset) return ''
  return a.databaseOnly
    ? `steps: ${DATABASE_STEPS}   # without containers; more can come later\n`
    : `# The database alone, without containers: steps: ${DATABASE_STEPS}\n`
}

/** A new infra.yaml: what was answered, and every other key that people change, as a comment with its default. */
export const template = (a: Answers): string => {
  const identity = { ...a, application: a.project, superuserEmail: a.email ?? '', steps: undefined }
  const preset = presetOf(a.preset)?.config(identity) ?? {}
  const samples = sections.flatMap((s: { readonly sample?: Sample }) => s.sample?.(a, preset) || [])
  return `# What the stack looks like. infra reads this file and makes the AWS account match it.
# All keys, with their rules: docs/configuration.md. A key that is left out has the default shown in its comment.

${a.preset ? `preset: ${a.preset}   # names, sizes and settings of that stack; keys below win over it\n` : ''}project: ${a.project}
environment: ${a.environment}
region: ${a.region}
${stepsOf(a)}
# namePrefix: ${a.preset && a.environment === 'production' ? a.project : `${a.project}-${a.environment}`}   # what all AWS names begin with
# tags: { Team: payments }                    # on every resource, besides Name, Environment, Application, ManagedBy

${samples.join('\n')}
# environments:               # what is different in another one: infra --env staging ...
#   staging:
#     rds: { instanceClass: db.t4g.micro }
`
}
