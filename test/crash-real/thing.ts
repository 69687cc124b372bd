import { canonical } from '../../src/core/json.ts'

/** One object of an account, as AWS itself lists it. */
export interface Thing {
  readonly type: string
  /** What it stands for: its key in the stack, or its name. The same in every account that holds the same stack. */
  readonly label: string
  /** All that a state row could know it by: id, ARN, name. */
  readonly ids: readonly string[]
  /** What makes it what it is, without what differs from run to run (times, addresses). May hold ids of others. */
  readonly view: object
  /** Comes and goes with another one (the main route table of a VPC): no row can know it. */
  readonly implied?: boolean
}

export const tagsOf = (tags: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined) =>
  Object.fromEntries((tags ?? []).map((t) => [t.Key ?? '', t.Value ?? '']))

/** The key that infra gave it, else its name tag, else the given name. */
export const labelOf = (tags: Readonly<Record<string, string>>, otherwise = 'without tags'): string =>
  tags['infra:key']?.replace(/@.*/, '') ?? tags.Name ?? otherwise

/** Puts labels in place of ids, which differ from account to account. */
export const labelled = (things: readonly Thing[], accountId: string): ((text: string) => string) => {
  const known = things
    .flatMap((t) => t.ids.filter((id) => id !== t.label).map((id) => [id, `<${t.label}>`] as const))
    // An ARN holds the name of the thing, so the longer one goes first.
    .sort(([a], [b]) => b.length - a.length)
  return (text) =>
    known
      .reduce((s, [id, label]) => s.replaceAll(id, label), text)
      .replaceAll(accountId, '<account>')
      // What was made beside another ends in a hash that ids of this account are part of.
      .replaceAll(/(?<=[@-])[0-9a-f]{8}\b/g, '<generation>')
}

/** One line for each thing, sorted. Ids become labels, so accounts with equal stacks have equal lines. */
export const linesOf = (things: readonly Thing[], accountId: string): string[] => {
  const plain = labelled(things, accountId)
  const line = (t: Thing): string => `${t.type} ${plain(t.label)} ${canonical(sorted(JSON.parse(plain(JSON.stringify(t.view)))))}`
  return things.map(line).sort()
}

/** AWS lists in any order; once ids are labels, equal lists can be made equal text. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.every((v) => typeof v === 'string') ? [...value].sort() : value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, sorted(v)]))
}

export interface Difference {
  readonly extra: string[]
  readonly missing: string[]
}

/** As bags: the same line twice is not the same as once. */
export const difference = (wanted: readonly string[], found: readonly string[]): Difference => {
  const missing = [...wanted]
  const extra: string[] = []
  for (const line of found) {
    const at = missing.indexOf(line)
    if (at < 0) extra.push(line)
    else missing.splice(at, 1)
  }
  return { extra, missing }
}
