import { changesOf } from '../core/changes.ts'
import type { Row } from '../state/schema.ts'
import { differing, missingTags } from './compare.ts'
import type { Survey, Tags } from './kind.ts'
import { expected } from './scheduled.ts'

/** Something that is no longer as infra left it. */
export interface Drift {
  readonly key: string
  readonly step: string
  readonly type: string
  readonly name: string
  readonly what: 'deleted' | 'altered' | 'failed' | 'deleting'
  readonly changes: readonly Altered[]
}

export interface Altered {
  readonly prop: string
  /** Both values as text; JSON where they are none. */
  readonly recorded: string
  readonly actual: string
  /** What differs between them, each in words. */
  readonly says: readonly string[]
}

export interface DriftInput {
  readonly rows: ReadonlyMap<string, Row>
  readonly survey: Survey
  /** Tags that the resource should have; undefined: not known (it is no longer declared). */
  readonly tagsOf: (key: string) => Tags | undefined
  readonly ignoreOf: (key: string) => readonly string[]
}

/**
 * What changed outside of infra since it was recorded: AWS against the state, not against the config (that is plan's). What is
 * unfinished or replaced is no drift, and what was taken in is not ours to watch, unless it is gone.
 */
export const drift = ({ rows, survey, tagsOf, ignoreOf }: DriftInput): Drift[] =>
  [...rows].flatMap(([key, row]): Drift[] => {
    const seen = survey.get(key)
    const ignore = ignoreOf(key)
    if (row.is !== 'ready' || row.replaced || !seen || ignore.includes('*')) return []
    const of = { key, step: row.step, type: row.type, name: row.name }
    if (seen.is === 'absent') return [{ ...of, what: 'deleted', changes: [] }]
    if (seen.is === 'deleting') return [{ ...of, what: 'deleting', changes: [] }]
    if (row.adopted) return []
    const later = expected(seen)
    const changes = [
      ...differing(later, row.want, ignore).map((prop) => ({
        prop,
        recorded: show(row.want[prop]),
        actual: show(later?.[prop]),
        says: changesOf(prop, row.want[prop], later?.[prop]),
      })),
      ...tagChanges(seen.tags, tagsOf(key), ignore),
    ]
    if (seen.is === 'failed') return [{ ...of, what: 'failed', changes }]
    return changes.length > 0 ? [{ ...of, what: 'altered', changes }] : []
  })

const tagChanges = (seen: Tags | undefined, want: Tags | undefined, ignore: readonly string[]): Drift['changes'] =>
  Object.entries(want ? missingTags(seen, want, ignore) : {}).map(([tag, value]) => ({
    prop: `tags.${tag}`,
    recorded: value,
    actual: seen?.[tag] ?? 'missing',
    says: [`tags.${tag}: ${value} -> ${seen?.[tag] ?? 'missing'}`],
  }))

const show = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
