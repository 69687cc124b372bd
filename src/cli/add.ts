import { type Command, Option } from 'commander'
import type { ArgsOf, Definition, FlagsOf, Options, Said } from '../session/define.ts'

/** Adds a command to the program: its definition, and what loads and runs it. `rest` is what stood behind `--`. */
export type Add = <Usage extends string, O extends Options>(
  definition: Definition<Usage, O>,
  work: (args: ArgsOf<Usage>, flags: FlagsOf<Definition<Usage, O>>, rest: readonly string[]) => Promise<number>,
) => void

/** @param run what each command's work is handed to */
export const adder =
  (cli: Command, run: (work: () => Promise<number>) => Promise<void>, rest: readonly string[]): Add =>
  ({ usage, group, about, options }, work) => {
    const words = usage.split(' ')
    const args = words.filter((word) => /^[<[]/.test(word))
    const names = words.slice(0, words.length - args.length)
    const parent = names.slice(0, -1).reduce((under, name) => below(under, name), cli)
    const sub = parent.command([names.at(-1), ...args].join(' ')).description(about)
    if (group !== undefined) sub.helpGroup(group)
    sub.showHelpAfterError(`Next: infra ${names.join(' ')} --help`)
    for (const [flags, said] of Object.entries(options)) option(sub, flags, said)
    sub.action((...given: unknown[]) =>
      run(() => work(given.slice(0, args.length) as never, sub.optsWithGlobals() as never, rest)),
    )
  }

const below = (under: Command, name: string): Command => {
  const found = under.commands.find((c) => c.name() === name)
  if (!found) throw new Error(`no command ${name} to add one to`)
  return found
}

const option = (command: Command, flags: string, said: Said): void => {
  if (typeof said === 'string') command.option(flags, said)
  else if ('many' in said)
    command.addOption(
      new Option(flags, `${said.about}; can be repeated`)
        .default([], 'none')
        .argParser((value, before: string[]) => [...before, value]),
    )
  else if ('no' in said) command.option(flags, said.about).option(flags.replace(/^--/, '--no-'), said.no)
  else if ('standard' in said) command.option(flags, said.about, said.standard)
  else command.requiredOption(flags, said.about)
}
