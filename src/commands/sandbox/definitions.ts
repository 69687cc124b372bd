import { define, type FlagsOf } from '../../session/define.ts'

export const sandbox = define('sandbox <start|stop|status|reset|env|push> [image]', {
  group: 'Try:',
  about: 'the local AWS behind --sandbox; push puts an image into its registry',
  options: {
    '--fast': 'with start: nothing takes any time',
    '--private-databases': 'with start: databases answer only from inside their network, as on AWS',
  },
})
export type SandboxFlags = FlagsOf<typeof sandbox>
