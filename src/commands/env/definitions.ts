import { define, type FlagsOf } from '../../session/define.ts'

export const env = define('env', {
  group: 'Look:',
  about: 'what an application needs to know, under its own names',
  options: {
    '--format <name>': 'dotenv (if nothing is said), json or shell',
    '--reveal': 'with the values of the secrets, instead of where they are',
    '--database <name>': 'for this database of the config',
    '--offline': 'from the state alone, without a look at the ARNs of the secrets',
  },
})
export type EnvFlags = FlagsOf<typeof env>
