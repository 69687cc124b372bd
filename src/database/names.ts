import { refuse } from '../core/errors.ts'

interface Limit {
  /** `PostgreSQL`, for the sentence. */
  readonly engine: string
  readonly most: number
  readonly unit: 'bytes' | 'characters'
  /** What the engine does not take in a name, besides the character with the code 0. */
  readonly not?: RegExp
}

/** A half of a character: no encoding can write it down, so the server would get another name. */
const HALF = /[\ud800-\udfff]/u

/**
 * The name, if the engine takes it as it is. PostgreSQL cuts a name that is too long and goes on with what is left: that could be
 * the name of something else.
 * @throws InfraError (exit 2)
 */
export const checkedName = (name: string, { engine, most, unit, not }: Limit): string => {
  const length = unit === 'bytes' ? Buffer.byteLength(name) : [...name].length
  const why =
    name === ''
      ? 'it is empty'
      : length > most
        ? `it has ${length} ${unit}, and ${engine} takes ${most}`
        : name.includes('\0') || HALF.test(name) || not?.test(name)
          ? `it holds a character that ${engine} does not take in a name`
          : undefined
  if (why === undefined) return name
  throw refuse(`${JSON.stringify(name)} cannot be a name inside the database server`, why, 'Choose another name in infra.yaml')
}
