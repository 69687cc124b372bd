// npm test [-- --require-moto] [vitest arguments]: brings about what is missing, runs all tests, ends with the plain counts.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureInstalled, root, run } from './ensure.js'

const args = process.argv.slice(2)
const required = args.includes('--require-moto')
ensureInstalled()

const folder = mkdtempSync(join(tmpdir(), 'infra-test-'))
const report = join(folder, 'report.json')
const code = run(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...args.filter((a) => a !== '--require-moto'),
  ],
  { env: { ...process.env, ...(required ? { INFRA_REQUIRE_MOTO: '1' } : {}) } },
)

let result
try {
  result = JSON.parse(readFileSync(report, 'utf8'))
} catch {
  console.error('The test run wrote no report.')
} finally {
  rmSync(folder, { recursive: true, force: true })
}
if (!result) {
  console.log('0 passed, 1 failed')
  process.exit(code || 1)
}

const tests = result.testResults.flatMap((file) =>
  file.assertionResults.map((t) => ({ ...t, file: file.name.replace(`${root}`, '') })),
)
const skipped = tests.filter((t) => t.status === 'pending' || t.status === 'skipped' || t.status === 'todo')
if (skipped.length > 0) {
  console.log('\nSkipped:')
  const reasons = new Map()
  for (const t of skipped) {
    const why =
      /\(skipped: (.*?)\)(?: |$)/.exec(t.fullName)?.[1] ??
      'the local AWS or PostgreSQL is missing (npm test -- --require-moto says why)'
    const line = `${t.file}: ${why}`
    reasons.set(line, (reasons.get(line) ?? 0) + 1)
  }
  for (const [line, count] of reasons) console.log(`  ${count} of ${line}`)
}
// A file that could not be loaded has no tests of its own to fail: it counts as one.
const broken = result.testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.every((t) => t.status !== 'failed'),
).length
const counted = tests.filter((t) => t.status === 'failed').length + broken
// A run that ended badly without a failed test (the set-up failed, a promise was left behind) is a failure all the same.
const failed = counted === 0 && code !== 0 ? 1 : counted
const passed = tests.filter((t) => t.status === 'passed').length
console.log(`\n${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`)
process.exit(code === 0 && failed === 0 ? 0 : code || 1)
