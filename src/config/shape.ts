import type * as zod from 'zod'
import type { ConfigFile } from './config.ts'
import { kit } from './kit.ts'
import { references } from './references.ts'
import type { No } from './rule.ts'
import type { Rule } from './section.ts'
import { general, generalRules } from './sections/general.ts'
import { sections } from './sections/index.ts'

const { z } = kit
// One file is checked once: compiling checkers at run time would cost more than it saves.
z.config({ jitless: true })

// Which key has which schema is lost on the way through entries: ConfigFile says it from the same list.
/** What each key takes. */
export const shape = z.strictObject({
  ...general(kit),
  ...Object.fromEntries(sections.map(({ key, schema }) => [key, schema(kit)])),
}) as unknown as zod.ZodType<ConfigFile>

interface Ctx {
  /** What was found before: values of a wrong form. */
  readonly issues: readonly { readonly path?: readonly PropertyKey[] | undefined }[]
  addIssue(issue: { code: 'custom'; path: (string | number)[]; message: string; input: unknown }): void
}

interface Ruled {
  readonly key: keyof ConfigFile
  readonly rules?: readonly Rule<never, ConfigFile>[]
}

const checkTogether = (config: ConfigFile, ctx: Ctx): void => {
  // A value of a wrong form is told as that, and once.
  const told = new Set(ctx.issues.map((issue) => issue.path?.join('.')))
  const no: No = (path, input, message) => {
    if (!told.has(path.join('.'))) ctx.addIssue({ code: 'custom', path, message, input })
  }
  for (const rule of generalRules) rule(config, no)
  for (const { key, rules = [] } of sections satisfies readonly Ruled[] as readonly Ruled[])
    for (const rule of rules) rule(config[key] as never, config, no)
  references(config, no)
}

/** What each key takes, and then the rules between keys. */
export const configSchema = shape.superRefine(checkTogether)
