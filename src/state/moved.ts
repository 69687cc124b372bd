import { InfraError } from '../core/errors.ts'
import type { StateFile } from './schema.ts'

/** What a move leaves in the place of a state: whoever still looks there is told where it is, instead of finding nothing and beginning anew. */
interface Left {
  readonly to: string
  /** Who has moved it, and from which machine. */
  readonly by: string
  readonly at: string
}

/** The state is no longer here. */
export class Moved extends InfraError {
  readonly left: Left
  readonly lineage: string
  constructor(place: string, left: Left, lineage: string) {
    super(`The state is no longer at ${place}`, {
      why: `${left.by} moved it to ${left.to} on ${left.at.slice(0, 10)}; nothing was changed`,
      next:
        left.to === 'local'
          ? 'It is in the folder of whoever moved it: infra state move local finishes the move there'
          : `Get the infra.yaml that says so, or let yours say so: infra state move ${left.to}`,
      exitCode: 2,
    })
    this.left = left
    this.lineage = lineage
  }
}

/** Older versions of infra refuse such a text, too: it has no resources. */
export const movedText = (state: string, left: Left): string => {
  const { format, project, environment, account, region, sandbox, lineage, serial } = JSON.parse(state) as StateFile
  const head = { format, project, environment, account, region, sandbox, lineage, serial }
  return `${JSON.stringify({ ...head, moved: left }, null, 2)}\n`
}

export const movedIn = (value: object, place: string): Moved | undefined => {
  const { moved, lineage } = value as { moved?: Partial<Left> | null; lineage?: unknown }
  return typeof moved?.to === 'string' && typeof moved.at === 'string' && typeof lineage === 'string'
    ? new Moved(place, { to: moved.to, by: String(moved.by), at: moved.at }, lineage)
    : undefined
}
