import { regionOfShell } from '../../config/options.ts'
import { refuse } from '../../core/errors.ts'
import { shellLine } from '../../core/quote.ts'
import type { SandboxStatus } from '../../sandbox/index.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import type { Io } from '../../ui/io.ts'

/** What would lead another program past these variables. */
const OTHERS = ['AWS_PROFILE', 'AWS_SESSION_TOKEN']

/**
 * The variables with which any program that knows AWS reaches the sandbox, as lines for `eval`; with --json as an object.
 * Without a sandbox the lines fail, so that what comes after them does not go to a real account instead.
 */
export const printEnvironment = (status: SandboxStatus, g: Globals, io: Io): number => {
  if (!status.running) {
    if (!io.json) process.stdout.write('false\n')
    throw refuse(
      'No sandbox is running',
      status.note ?? 'its credentials are made when it starts',
      commandLine(g, 'sandbox start'),
    )
  }
  const { url, credentials } = status.sandbox
  const region = g.region ?? regionOfShell()
  const variables = {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
  }
  if (io.json) io.data(variables)
  const lines = Object.entries(variables).map(([name, value]) => shellLine(name, value) ?? '')
  if (!io.json) process.stdout.write(`${[...lines, `unset ${OTHERS.join(' ')}`].join('\n')}\n`)
  return 0
}
