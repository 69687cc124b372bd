import type { InferArgument, InferOptions } from '@commander-js/extra-typings'
import type { Globals } from './globals.ts'

/**
 * What `--help` says of an option, and how it is given: a flag, or with a value where its name has one. `many`: several times.
 * `no`: there is also `--no-...`, with this help, and without either it is undefined.
 */
export type Said =
  | string
  | { readonly about: string; readonly many: true }
  | { readonly about: string; readonly no: string }
  | { readonly about: string; readonly standard: string }
  | { readonly about: string; readonly required: true }

export type Options = { readonly [flags in `${string}--${string}`]: Said }

/** A command as a person sees it: said once. What runs behind it is loaded when it runs, and takes its arguments and flags from here. */
export interface Definition<Usage extends string = string, O extends Options = Options> {
  /** All of its words, then its arguments: `db snapshot delete <name>`. */
  readonly usage: Usage
  /** Its heading in `--help`; none for commands below others. */
  readonly group?: string
  readonly about: string
  readonly options: O
}

export const define = <const Usage extends string, const O extends Options = Record<never, never>>(
  usage: Usage,
  { options, ...more }: { readonly group?: string; readonly about: string; readonly options?: O },
): Definition<Usage, O> => ({ usage, options: options ?? ({} as O), ...more })

/** A flag that is given is true; what is not given is not there. */
type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> extends true ? boolean : Exclude<T[K], undefined> }
type FlagOf<F extends string, S> = S extends { many: true }
  ? InferOptions<unknown, F, string[], string[], false>
  : S extends { standard: string }
    ? InferOptions<unknown, F, string, undefined, false>
    : S extends { required: true }
      ? InferOptions<unknown, F, undefined, undefined, true>
      : Given<InferOptions<unknown, F, undefined, undefined, false>>
type All<U> = (U extends unknown ? (x: U) => void : never) extends (x: infer I) => void ? I : never

/** The flags of a command, with those that every command takes. */
export type FlagsOf<D> =
  D extends Definition<string, infer O> ? Globals & All<{ [F in keyof O & string]: FlagOf<F, O[F]> }[keyof O & string]> : never

/** The arguments of a usage, in order: `[name]` may be undefined, `[steps...]` is a list. */
export type ArgsOf<Usage extends string> = Usage extends `${infer Word} ${infer Rest}`
  ? [...ArgOf<Word>, ...ArgsOf<Rest>]
  : ArgOf<Usage>
type ArgOf<Word extends string> = Word extends `<${string}` | `[${string}` ? [InferArgument<Word>] : []
