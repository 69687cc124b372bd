// node scripts/lint-python.js [--write]: ruff over every Python file, for what it finds and for how it is laid out.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { PositionEncoding, Workspace } from '@astral-sh/ruff-wasm-nodejs'

const write = process.argv.includes('--write')
const settings = {
  'line-length': 140,
  'target-version': 'py310',
  lint: {
    select: ['E', 'F', 'W', 'I', 'B', 'UP', 'C4'],
    isort: { 'known-first-party': ['moto_ext'] },
  },
}
const ruff = new Workspace(settings, PositionEncoding.Utf16)

/** The text with all that ruff itself can put right. */
const repaired = (text) => {
  const edits = ruff.check(text).flatMap((found) => found.fix?.edits ?? [])
  const lines = text.split('\n')
  const at = ({ row, column }) => lines.slice(0, row - 1).reduce((sum, line) => sum + line.length + 1, 0) + column - 1
  const fromTheEnd = edits
    .map((edit) => ({ ...edit, from: at(edit.location), to: at(edit.end_location) }))
    .sort((a, b) => b.from - a.from)
  let [done, before] = [text, Number.POSITIVE_INFINITY]
  for (const { content, from, to } of fromTheEnd) {
    if (to > before) continue
    done = done.slice(0, from) + (content ?? '') + done.slice(to)
    before = from
  }
  return ruff.format(done)
}

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.py'], { encoding: 'utf8' }).trim().split('\n')
let wrong = 0
for (const file of files) {
  if (write) writeFileSync(file, repaired(readFileSync(file, 'utf8')))
  const text = readFileSync(file, 'utf8')
  const found = ruff.check(text).map((d) => `${file}:${d.start_location.row}:${d.start_location.column} ${d.code} ${d.message}`)
  if (ruff.format(text) !== text) found.push(`${file} is laid out in another way than ruff does: npm run format`)
  for (const line of found) console.error(line)
  wrong += found.length
}
console.log(`Python: ${files.length} files, ${wrong} findings`)
process.exitCode = wrong > 0 ? 1 : 0
