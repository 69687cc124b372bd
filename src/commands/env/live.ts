import { arnOfSecret } from '../../aws/secrets.ts'
import type { Loaded } from '../../config/load.ts'
import { reach } from '../../session/account.ts'
import { type Globals, wantsSandbox } from '../../session/globals.ts'
import type { Row } from '../../state/schema.ts'
import { nameIn } from './reveal.ts'

/** What `infra env` knows of the stack's secrets beyond the record. */
export interface LiveSecrets {
  /** The ARN that counts now, by the recorded one, where it is another: the secret was made anew under its name. */
  readonly moved: ReadonlyMap<string, string>
  /** Why the recorded ARNs are told instead; undefined where all were looked up. */
  readonly unsure: string | undefined
}

const SECRET = 'secretsmanager.secret'

/**
 * Asks Secrets Manager for the ARNs of the recorded secrets, by their names: six characters at the end of an ARN change when a secret is made
 * anew. Never throws: without an answer the record is told, and that is said.
 */
export const liveSecrets = async (
  g: Globals,
  { config }: Loaded,
  account: string | undefined,
  rows: ReadonlyMap<string, Row>,
): Promise<LiveSecrets> => {
  const arns = [...rows.values()].flatMap((r) => (r.type === SECRET && typeof r.attrs?.arn === 'string' ? [r.attrs.arn] : []))
  if (arns.length === 0) return { moved: new Map(), unsure: undefined }
  // A sandbox that does not run holds no secret, and is not started for a look.
  if (wantsSandbox(g) && !(await (await import('../../sandbox/index.ts')).sandboxStatus()).running)
    return { moved: new Map(), unsure: 'the sandbox does not run' }
  try {
    const { aws, caller } = await reach(g, config.region, g.profile ?? config.profile)
    if (account !== undefined && caller.account !== account)
      return { moved: new Map(), unsure: `these credentials are of the account ${caller.account}, the stack is in ${account}` }
    const gone: string[] = []
    const seen = await Promise.all(
      arns.map(async (arn) => {
        const found = await arnOfSecret(aws, nameIn(arn))
        if (!found) gone.push(nameIn(arn))
        return [arn, found ?? arn] as const
      }),
    )
    const unsure = gone.length > 0 ? `Secrets Manager has no ${gone.join(', ')}` : undefined
    return { moved: new Map(seen.filter(([was, is]) => was !== is)), unsure }
  } catch (error) {
    return { moved: new Map(), unsure: (error as Error).message }
  }
}

/** The rows with the ARNs that count now, wherever they stand in them. */
export const withMoved = (rows: ReadonlyMap<string, Row>, moved: ReadonlyMap<string, string>): Map<string, Row> => {
  if (moved.size === 0) return new Map(rows)
  let text = JSON.stringify([...rows])
  for (const [was, is] of moved) text = text.replaceAll(was, is)
  return new Map(JSON.parse(text) as [string, Row][])
}
