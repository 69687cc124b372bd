import type { Aws } from '../../aws/clients.ts'
import type { Config } from '../../config/config.ts'
import type { JsonObject } from '../../core/json.ts'
import { idOf } from '../../engine/context.ts'
import type { Node } from '../../engine/graph.ts'
import type { Present } from '../../engine/kind.ts'
import { ambiguous } from '../../engine/ownership.ts'
import { record, wantAsSeen } from '../../engine/record.ts'
import { resolve } from '../../engine/ref.ts'
import { survey } from '../../engine/survey.ts'
import { agreed } from '../../session/confirm.ts'
import { declareStack } from '../../session/declare.ts'
import { checkEnvironment } from '../../session/environment.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { askLookups, factsAfter, servicesAfter } from '../../session/lookups.ts'
import { restoredInAccount } from '../../session/restored.ts'
import { orRefuse } from '../../session/service.ts'
import { openSession, type Session } from '../../session/session.ts'
import { asRunning, editOf, type Unrecorded, unrecordedIn, withUnrecorded } from '../../session/unrecorded/unrecorded.ts'
import type { Lookups } from '../../steps/types.ts'
import { columns, count, list, shortId } from '../../ui/format.ts'

/** Rebuilds a lost state from the tags and names in the account. Changes nothing in AWS. */
export const recoverCommand = async (g: Globals): Promise<number> => {
  const s = await openSession(g, 'infra recover', undefined, { depth: 'look', anyEnvironment: true })
  try {
    const { lookups, nodes, seen, unrecorded } = await orRefuse(s, lookAsItRuns(s))
    for (const { key } of nodes) {
      const it = seen.get(key)
      if (it?.is === 'absent' && it.rivals && !s.state.row(key)) throw ambiguous(key, it.rivals, undefined)
    }
    const found = nodes.flatMap((node) => {
      const it = seen.get(node.key)
      return it && it.is !== 'absent' && it.is !== 'deleting' && !s.state.row(node.key) && (!it.foreign || node.shared)
        ? [{ node, it }]
        : []
    })
    show(s, found)
    if (found.length > 0) sayRunning(s, unrecorded)
    if (found.length === 0) {
      await checkEnvironment(s.loaded, g, async () => (await s.backend.read()) !== undefined)
      if (s.io.json) s.io.data({ recovered: [] })
      s.io.say(`  Nothing of this stack was found that the state does not know. Next: ${s.io.c.cyan(commandLine(g, 'status'))}`)
      return 0
    }
    if (
      !(await agreed(
        s,
        g,
        `Record ${count(found.length, 'resource')}?`,
        'This would write the state file',
        commandLine(g, 'recover --yes'),
      ))
    )
      return 0
    await recordAll(s, found, lookups, editOf(unrecorded))
    if (s.io.json)
      s.io.data({
        recovered: found.map(({ node, it }) => ({ key: node.key, type: node.kind.type, id: idOf(it.attrs, node.name) })),
      })
    s.io.say(
      `\n${s.io.c.green('✓')} ${count(found.length, 'resource')} recorded in ${s.state.place}. Next: ${s.io.c.cyan(commandLine(g, 'plan'))}`,
    )
    return 0
  } finally {
    await s.close()
  }
}

/** All that the stack may have, with what runs counted as deployed, whatever infra.yaml says of it. */
const lookAsItRuns = async (s: Session) => {
  const asked = await askLookups(s, { steps: s.config.steps })
  const cx = s.context(() => undefined)
  const pass = cx.look()
  const look = async (at: Lookups) => {
    const graph = declareStack(s.config, at)
    const restored = await restoredInAccount(s)
    const nodes = [...graph.nodes(), ...onceDeclared(s.config, at).filter((n) => !graph.get(n.key)), ...restored]
    return { graph, nodes, seen: await survey(nodes, cx, pass) }
  }
  const first = await look(asked)
  const unrecorded = await unrecordedIn(s, asked, first.seen)
  const lookups = withUnrecorded(s, asked, unrecorded)
  const { graph, nodes, seen } = unrecorded.length === 0 ? first : await look(lookups)
  return { lookups, nodes, unrecorded, seen: await asRunning(s, pass, graph, seen, unrecorded) }
}

/** What comes into the state with the resources: deploys and counts that no step would make again. */
const sayRunning = ({ io }: Session, all: readonly Unrecorded[]): void => {
  for (const { key, revision, differs, lost, counts } of all) {
    if (differs.length > 0) io.say(`  ${io.c.green('+')} ${key} runs ${revision}: ${list(differs)} counts as deployed`)
    for (const text of counts) io.say(`  ${io.c.green('+')} ${text}`)
    if (lost.length > 0)
      io.say(`  ${io.c.yellow('!')} ${list(lost)} of ${revision} sounds like a secret, so it does not come into the state`)
  }
}

/** The config may have changed since: what it could once have declared is looked for too (the next create then removes it). */
const onceDeclared = (config: Config, lookups: Lookups): Node<Aws>[] => {
  const vpc = config.vpc.mode === 'new' ? { ...config.vpc, nat: 'perAz' as const } : config.vpc
  return declareStack({ ...config, vpc }, { ...lookups, sshFrom: lookups.sshFrom ?? '0.0.0.0/32' }).nodes()
}

interface Found {
  readonly node: Node<Aws>
  readonly it: Present
}

const show = (s: Session, found: readonly Found[]): void => {
  header({ ...s, account: s.caller.account }, 'Recover')
  const rows = found.map(({ node, it }) => [
    s.io.c.green('+ found'),
    node.step,
    node.key,
    shortId(idOf(it.attrs, node.name)),
    s.io.c.dim(it.foreign ? `${it.foreign}; used as it is` : (it.note ?? it.is)),
  ])
  if (rows.length > 0) s.io.say(columns(rows))
}

const recordAll = async (
  s: Session,
  found: readonly Found[],
  lookups: Lookups,
  edit: ReturnType<typeof editOf>,
): Promise<void> => {
  const attrs = new Map(found.map(({ node, it }) => [node.key, it.attrs]))
  const attrsOf = (key: string): JsonObject | undefined => attrs.get(key) ?? s.state.row(key)?.attrs
  const at = new Date()
  // Where the config leaves the type open, it is that of the bastion that was found.
  const type = found.find(({ node }) => node.key === 'bastion')?.it.props?.instanceType
  const running = { ...lookups, ...(typeof type === 'string' ? { bastionType: type } : {}) }
  await s.state.update((draft) => {
    draft.facts = factsAfter(s.config, running, draft.facts)
    draft.services = servicesAfter(s.config, running, edit(draft.services))
    for (const { node, it } of found) {
      const want = resolve(node.props, attrsOf) as Record<string, unknown>
      draft.resources[node.key] = record(node, it, {
        is: it.is === 'ready' ? 'ready' : 'creating',
        want: wantAsSeen(want, it),
        token: '',
        at,
        ...(it.foreign || node.adopt ? { adopted: true } : {}),
      })
    }
  })
}
