import { expect, test } from 'vitest'
import { program } from '../../src/cli/program.ts'
import { STEPS } from '../../src/config/names.ts'
import { fences, pages, read, spans } from './markdown.ts'

const cli = program(async () => undefined)
const globals = cli.options.map((o) => o.long ?? '')
const flagsOf = (name: string): string[] => {
  const command = cli.commands.find((c) => c.name() === name)
  return [...(command?.options ?? []).map((o) => o.long ?? ''), ...globals, '--help']
}
const names = cli.commands.map((c) => c.name())
const db = cli.commands.find((c) => c.name() === 'db')?.commands ?? []
const text = read('docs/commands.md')

test.each(names)('docs/commands.md has a section for infra %s', (name) => {
  expect(text).toMatch(new RegExp(`^## infra ${name}$`, 'm'))
})

test('docs/commands.md names every flag', () => {
  const all = [...new Set([...globals, ...cli.commands.flatMap((c) => c.options.map((o) => o.long ?? ''))])]
  expect(all.filter((flag) => !text.includes(`\`${flag}`))).toEqual([])
})

test.each(db.map((c) => c.name()))('the docs have a section for infra db %s', (name) => {
  const heading = new RegExp(`^### .*\\binfra db ${name}\\b(?!-)`, 'm')
  expect(pages().some((page) => heading.test(read(page)))).toBe(true)
  expect(text).toContain(`\`infra db ${name}`)
})

test('the docs name every flag of infra db', () => {
  const all = pages().map(read).join('\n')
  const flags = [...new Set(db.flatMap((c) => c.options.map((o) => o.long ?? '')))]
  expect(flags.filter((flag) => !all.includes(`\`${flag}`) && !all.includes(`${flag} <`))).toEqual([])
})

/** Why a command line that stands in the docs cannot be typed; undefined when it can. */
const wrong = (line: string): string | undefined => {
  const words =
    line
      // What stands behind -- is a command of a container.
      .split(/\s--\s|\s+#|[|;&>]|\s{2,}|\s\(/)[0]
      ?.trim()
      .split(/\s+/)
      .slice(1) ?? []
  const [name = ''] = words
  if (name.startsWith('-')) return globals.includes(name) || name === '--help' ? undefined : `${line}: no flag ${name}`
  if (!/^[a-z]/.test(name)) return undefined
  if (!names.includes(name)) return `${line}: no command ${name}`
  if (name === 'db') return wrongInDb(line, words[1] ?? '', words.slice(2))
  const flag = words.slice(1).find((w) => w.startsWith('--') && !flagsOf(name).includes(w.split('=')[0] ?? ''))
  if (flag) return `${line}: no flag ${flag}`
  const word = words.slice(1).find((w, i) => /^[a-z][a-z-]*$/.test(w) && !words[i]?.startsWith('--') && !known(name, w))
  return word ? `${line}: ${word} is no step` : undefined
}
const wrongInDb = (line: string, name: string, words: readonly string[]): string | undefined => {
  const command = db.find((c) => c.name() === name)
  if (!command) return /^[a-z]/.test(name) ? `${line}: no command db ${name}` : undefined
  const flags = [...command.options.map((o) => o.long ?? ''), ...globals, '--help']
  const flag = words.find((w) => w.startsWith('--') && !flags.includes(w.split('=')[0] ?? ''))
  return flag ? `${line}: no flag ${flag}` : undefined
}
/** They take the key of a service, or of a task, in any infra.yaml. */
const OF_A_SERVICE = /^(deploy|rollback|logs|exec|run|scale|verify)$/
const known = (name: string, word: string): boolean =>
  name === 'adopt' ||
  OF_A_SERVICE.test(name) ||
  (name === 'destroy' && word === 'restored') ||
  // The words of a command, or a step.
  (name === 'permissions' && (names.includes(word) || db.some((c) => c.name() === word) || STEPS.some((s) => s === word))) ||
  (name === 'sandbox'
    ? /^(start|stop|status|reset|env|push)$/.test(word)
    : name === 'state'
      ? /^(move|local|rename|forget|web|app)$/.test(word)
      : name === 'bastion'
        ? /^(start|stop)$/.test(word)
        : STEPS.some((s) => s === word))

test.each(pages())('%s: commands of infra that it shows can be typed', (page) => {
  const body = read(page)
  const shown = fences(body)
    .filter((f) => f.language !== 'text')
    .flatMap((f) => f.body.split('\n'))
    .concat(fences(body).flatMap((f) => f.body.split('\n').filter((l) => l.startsWith('$ infra '))))
    .map((l) => l.trim().replace(/^\$ /, ''))
  const lines = [...shown, ...spans(body)].filter((l) => /^infra [a-z-]/.test(l))
  expect(lines.map(wrong).filter((w) => w !== undefined)).toEqual([])
})
