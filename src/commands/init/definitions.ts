import { define, type FlagsOf } from '../../session/define.ts'

export const init = define('init', {
  group: 'Build:',
  about: 'write infra.yaml: asks what is needed',
  options: {
    '--preset <name>': 'begin with a preset: startupwebapp',
    '--set <key=value>': { about: 'set a key, for example vpc.nat=single', many: true },
    '--force': 'write over an infra.yaml that is there',
  },
})
export type InitFlags = FlagsOf<typeof init>
