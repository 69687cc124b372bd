import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const dir = fileURLToPath(new URL('..', import.meta.url))
const files = readdirSync(dir, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith('support/models/') && file !== 'models/all.test.ts')
  .map((file) => ({ file, text: readFileSync(join(dir, file), 'utf8') }))

// Requests over HTTP and processes that Node starts are checked wherever they are. These are the ways around that.
it.each([
  ['a process in a terminal', /from '@lydell\/node-pty'/, /judgedHere\(/],
  ['an account in memory', /as unknown as (Aws|Pick<Aws[^>]*>)(?!\[)/, /fakeAws[(<]/],
  ['clients whose answers are made up', /\bmockClient\(/, /checkInput\(/],
])('%s: its requests are checked, too', (_, way, check) => {
  const ways = files.filter(({ text }) => way.test(text))
  expect(ways.filter(({ text }) => !check.test(text)).map(({ file }) => file)).toEqual([])
})
