import { closest } from '../../config/closest.ts'
import { refuse } from '../../core/errors.ts'
import type { Globals } from '../../session/globals.ts'

const EXAMPLES = {
  move: 'infra state move s3://my-team-state/infra',
  rename: 'infra state rename web app',
  forget: 'infra state forget web-service',
}

/** `infra state`: what is done to the record alone, and not to the resources that it names. */
export const stateCommand = async ([verb = '', what = '', to]: readonly string[], g: Globals): Promise<number> => {
  if (verb !== 'move' && verb !== 'rename' && verb !== 'forget') {
    const meant = closest(verb, Object.keys(EXAMPLES)) as keyof typeof EXAMPLES | undefined
    throw refuse(`infra state has no ${verb}`, 'it has move, rename and forget', EXAMPLES[meant ?? 'move'])
  }
  if ((verb === 'rename') !== (to !== undefined))
    throw refuse(`infra state ${verb} takes ${verb === 'rename' ? 'two names' : 'one word'}`, undefined, EXAMPLES[verb])
  if (verb === 'move') return (await import('./state-move.ts')).moveState(what, g)
  if (verb === 'forget') return (await import('./state-forget.ts')).forgetRow(what, g)
  return (await import('./state-rename.ts')).renameKeys(what, to ?? '', g)
}
