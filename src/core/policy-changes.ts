import { brief } from './brief.ts'
import { canonical, type Json, type JsonObject } from './json.ts'

/** So many actions or resources are told one by one. */
const TOLD = 6

/** One action on one resource. */
interface Grant {
  readonly effect: string
  readonly action: string
  readonly resource: string
  /** Who may, in a policy of a role or a resource. */
  readonly who: string
  readonly condition: string
}

type Policy = JsonObject & { readonly Statement: Json }

/** Whether it is an IAM policy document. */
export const isPolicy = (value: Json | undefined): value is Policy =>
  value !== null && typeof value === 'object' && !Array.isArray(value) && (value as JsonObject).Statement !== undefined

/** What a policy allows or denies more and less than before: `+ allow s3:GetObject on uploads/*`. How it is written does not count. */
export const policyChanges = (is: Policy | undefined, want: Policy | undefined): string[] => {
  const [before, after] = [grantsOf(is), grantsOf(want)]
  const come = [...after].filter(([key]) => !before.has(key)).map(([, grant]) => grant)
  const gone = [...before].filter(([key]) => !after.has(key)).map(([, grant]) => grant)
  const told = [...sentences(come).map((s) => `+ ${s}`), ...sentences(gone).map((s) => `- ${s}`)]
  return told.length > 0 ? told : ['written in another way, allows the same']
}

/** Every single permission of a document, by what it says. */
const grantsOf = (policy: Policy | undefined): Map<string, Grant> => {
  const all = new Map<string, Grant>()
  for (const statement of listOf(policy?.Statement)) {
    if (statement === null || typeof statement !== 'object' || Array.isArray(statement)) continue
    const { Effect, Condition, ...of } = statement as JsonObject
    for (const action of choices(of, 'Action'))
      for (const resource of choices(of, 'Resource'))
        for (const who of choices(of, 'Principal')) {
          const condition = Condition === undefined ? '' : brief(Condition)
          const grant = { effect: String(Effect).toLowerCase(), action, resource, who, condition }
          all.set(canonical({ ...grant, condition: Condition }), grant)
        }
  }
  return all
}

/** The values of `Action`, or of `NotAction`; one empty text where the statement has neither. */
const choices = (of: JsonObject, name: 'Action' | 'Resource' | 'Principal'): string[] => {
  const but = of[`Not${name}`]
  if (but !== undefined) return [`all but ${texts(but).join(', ')}`]
  const values = of[name]
  return values === undefined ? [''] : texts(values)
}

/** Principals stand by their sort: `{ Service: [...] }`. */
const texts = (value: Json): string[] =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.values(value).flatMap((v) => listOf(v).map(brief))
    : listOf(value).map(brief)

const listOf = (value: Json | undefined): readonly Json[] => (value === undefined ? [] : Array.isArray(value) ? value : [value])

/** Those that differ only in the resource make one sentence, then those that differ only in the action. */
const sentences = (grants: readonly Grant[]): string[] => {
  const byAction = grouped(grants, ({ resource: _, ...rest }) => canonical(rest)).map((same) => ({
    ...same[0],
    resource: few(same.map((g) => g.resource).sort()),
  }))
  return grouped(byAction, ({ action: _, ...rest }) => canonical(rest)).map((same) => {
    const { effect, resource, who, condition } = same[0]
    const on = resource === '' ? '' : ` on ${resource}`
    const to = who === '' ? '' : ` for ${who}`
    return `${effect} ${few(same.map((g) => g.action).sort())}${on}${to}${condition === '' ? '' : ` if ${condition}`}`
  })
}

const grouped = <T>(items: readonly T[], by: (item: T) => string): [T, ...T[]][] => {
  const groups = new Map<string, [T, ...T[]]>()
  for (const item of items) {
    const group = groups.get(by(item))
    if (group) group.push(item)
    else groups.set(by(item), [item])
  }
  return [...groups.values()]
}

const few = (words: readonly string[]): string =>
  words.length > TOLD ? `${words.slice(0, TOLD).join(', ')} and ${words.length - TOLD} more` : words.join(', ')
