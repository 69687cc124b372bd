import type { Via } from '../../aws/sql.ts'
import { refuse } from '../../core/errors.ts'

const OPEN: readonly Via[] = ['direct', 'ssm', 'task']

/** The way that --via names. @throws InfraError (exit 2) */
export const viaFlag = ({ via }: { readonly via?: string }): Via | undefined => {
  const found = OPEN.find((v) => v === via)
  if (via !== undefined && !found)
    throw refuse(`--via is ${via}`, `it must be one of ${OPEN.join(', ')}`, 'for example --via ssm')
  return found
}
