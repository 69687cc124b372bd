import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import type { Aws } from '../../aws/clients.ts'
import type { Inside, Login } from '../../aws/sql.ts'
import { refuse } from '../../core/errors.ts'
import { differing } from '../../engine/compare.ts'
import { create } from '../../engine/create.ts'
import type { Report } from '../../engine/events.ts'
import type { Node } from '../../engine/graph.ts'
import type { AnySeen } from '../../engine/kind.ts'
import { resolve } from '../../engine/ref.ts'
import { kindOf } from '../../kinds/index.ts'
import { type Access, accessOf } from '../../session/database-access/credentials.ts'
import { viaFlag } from '../../session/database-access/via.ts'
import { commandLine } from '../../session/globals.ts'
import { header } from '../../session/header.ts'
import { offlineLookups } from '../../session/lookups.ts'
import { withReporter } from '../../session/outcome.ts'
import { openSession, type Session } from '../../session/session.ts'
import { lookAround, type View } from '../../session/survey.ts'
import { columns, count } from '../../ui/format.ts'
import type { VerifyFlags } from './definitions.ts'

interface Finding {
  readonly key: string
  readonly what: string
  readonly good: boolean
  readonly note: string
}

/**
 * Looks into the server now: each role and database as the config wants it, and nobody let in where he has no business. What is as
 * wanted is recorded with the way and the day. Changes nothing inside. @returns 0 all is as wanted, 1 not
 */
export const verifyCommand = async (flags: VerifyFlags): Promise<number> => {
  const result = flags.result === undefined ? undefined : await readResult(flags.result)
  const via = result ? undefined : viaFlag(flags)
  const s = await openSession(flags, 'infra db verify', undefined, { depth: 'verify', via, result })
  try {
    if (s.inside.via === 'print' && !result)
      throw refuse(
        'Nobody can look in: databases.via is print',
        'a person runs the SQL there',
        `${commandLine(flags, 'db verify --result <file>')} with what the SQL file printed, or --via direct, ssm or task`,
      )
    // A container that looks in costs a cent; whoever asks for this wants to know.
    s.inside.begin()
    const declared = offlineLookups(s.config, s.state, s.caller.account, s.caller.partition)
    const view = await lookAround(s, ['databases'], { declared })
    const nodes = view.graph.nodes().filter((n) => n.step === 'databases' && n.kind.facts.inside !== undefined)
    const findings = nodes.map((n) => finding(n, view))
    // 1 says that something is not as wanted; who could not look cannot say that.
    const access = await accessOf(s, nodes).catch((error: unknown) => {
      const { what, why, next } = s.explain(error)
      throw refuse(what, why, next)
    })
    const good = new Set(findings.filter((f) => f.good).map((f) => f.key))
    const open = access.filter((a) => !a.asWanted)
    // The engine records what it finds as wanted, and is given nothing else.
    const others = new Set(view.graph.nodes().flatMap((n) => (good.has(n.key) ? [] : [n.key])))
    if (good.size > 0)
      await withReporter(s, (report) =>
        create(view.graph, ['databases'], view.survey, s.context(onlyFailures(report)), kindOf, others),
      )
    const code = good.size === nodes.length && open.length === 0 ? 0 : 1
    if (s.io.json) s.io.data({ via: s.inside.via, verified: code === 0, found: findings, access })
    else screen(s, findings, access, code, flags)
    return code
  } finally {
    await s.close()
  }
}

const onlyFailures =
  (report: Report): Report =>
  (event) => {
    if (event.type === 'resource.failed') report(event)
  }

const finding = (node: Node<Aws>, view: View): Finding => {
  const seen: AnySeen = view.survey.get(node.key) ?? { is: 'absent' }
  const what = `${node.kind.facts.title} ${node.name}`
  if (seen.is === 'absent') return { key: node.key, what, good: false, note: seen.note ?? 'is not there' }
  if (seen.foreign) return { key: node.key, what, good: false, note: `there is ${seen.foreign}` }
  if (seen.is !== 'ready') return { key: node.key, what, good: false, note: seen.note ?? seen.is }
  const want = resolve(node.props, (k) => {
    const dep = view.survey.get(k)
    return dep && dep.is !== 'absent' ? dep.attrs : undefined
  }) as Props
  const changed = differing(seen.props, want, node.ignore)
  const note = changed.map((p) => `${p} is ${String(seen.props?.[p])}, wanted ${String(want[p])}`).join('; ')
  return { key: node.key, what, good: changed.length === 0, note: note || wellDone(node.kind.type, want, seen.props) }
}

type Props = Readonly<Record<string, unknown>>

const wellDone = (type: string, want: Props, seen: Props | undefined): string =>
  type === 'sql.database'
    ? `belongs to ${String(want.owner)}, closed to all others`
    : seen?.password === undefined
      ? 'may log in; its password could not be tried from here'
      : 'logs in with the password of its secret'

const SAID: Readonly<Record<Login, string>> = {
  ok: 'gets in',
  barred: 'is refused',
  'wrong-password': 'has another password',
  'no-database': 'finds no such database',
  closed: 'could not be tried',
}

const screen = (s: Session, findings: readonly Finding[], access: readonly Access[], code: number, flags: VerifyFlags): void => {
  const { io } = s
  const { c } = io
  const mark = (good: boolean): string => (good ? c.green('✓') : c.red('✗'))
  header({ ...s, account: s.caller.account }, 'Verify databases')
  io.say(columns(findings.map((f) => [mark(f.good), f.what, c.dim(f.note)])))
  if (access.length > 0) {
    io.say('\n  Tried by logging in:')
    io.say(
      columns(
        access.map((a) => [mark(a.asWanted), a.role, SAID[a.login], a.database, a.asWanted ? '' : c.red('not as it should be')]),
        '',
        '    ',
      ),
    )
  }
  const bad = findings.filter((f) => !f.good).length + access.filter((a) => !a.asWanted).length
  if (code === 0) io.say(`\n  All as wanted, and recorded (${s.inside.via}). Next: ${c.cyan(commandLine(flags, 'status'))}`)
  else
    io.say(
      `\n  ${count(bad, 'thing')} not as wanted. Next: ${c.cyan(commandLine(flags, 'create databases'))} puts right what can be put right.`,
    )
}

const readResult = async (file: string): Promise<Inside> => {
  const { parseResult } = await import('../../database/print.ts')
  const read = file === '-' ? textOf(process.stdin) : readFile(file, 'utf8')
  const text = await read.catch((error: Error) => {
    throw refuse(
      `${file} cannot be read`,
      error.message,
      'Name the file that holds what the SQL file printed, or - for standard input',
    )
  })
  return parseResult(text)
}
