import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { localBackend } from '../../src/state/local.ts'
import { readState } from '../../src/state/parse.ts'
import { LocalState } from '../../src/state/store.ts'
import { away, bundle, child, folder, of, row } from './bundle.ts'

let dir: string
beforeAll(async () => {
  dir = await folder()
})
afterAll(() => away(dir))

it('a process that is killed while it saves leaves a whole file with all that it called durable', {
  timeout: 60_000,
}, async () => {
  const script = await bundle('store', dir)
  const file = join(dir, 'dev.json')
  const code = `import { LocalState } from '${script}'
    const state = await LocalState.open('${file}', ${JSON.stringify(of)})
    const first = state.all().size
    for (let n = first; ; n++) {
      await Promise.all([state.put('key-' + n, ${JSON.stringify(row({ want: { filler: 'x'.repeat(3000) } }))}), state.put('last', ${JSON.stringify(row())})])
      process.stdout.write(n + '\\n')
    }`
  let reads = 0
  for (let kill = 0; kill < 20; kill++) {
    if (kill % 5 === 0) await rm(file, { force: true })
    const saver = await child(dir, 'saver.mjs', code)
    if (!saver.stdout) throw new Error('no output')
    let durable = ''
    const lines = createInterface(saver.stdout)
    lines.on('line', (line) => {
      durable = `key-${line}`
    })
    await once(lines, 'line')
    const end = Promise.all([once(saver, 'exit'), once(lines, 'close')])
    const until = performance.now() + 3 + kill
    // A reader meets the file at any instant, also while it is being replaced.
    for (; performance.now() < until; reads++) expect((await readState(localBackend(file)))?.resources).toBeDefined()
    saver.kill('SIGKILL')
    await end
    const state = await LocalState.open(file, of)
    expect(state.row(durable), `kill ${kill}`).toBeDefined()
    await state.put('after', row())
    expect(await readState(localBackend(`${file}.backup`))).toBeDefined()
  }
  expect(reads).toBeGreaterThan(20)
})
