import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
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

it('killed at any step of the first write in the new format: the old file or the new one, and what was old is kept', {
  timeout: 60_000,
}, async () => {
  const old = fileURLToPath(new URL('format-1/in-a-bucket.json', import.meta.url))
  const text = await readFile(old, 'utf8')
  const work = join(dir, 'work')
  await mkdir(work)
  const file = join(work, 'dev.json')
  const script = join(dir, 'first.mjs')
  const code = `import { LocalState } from '${await bundle('store', dir)}'
    const state = await LocalState.open('${file}', ${text})
    await state.put('new', ${JSON.stringify(row())})`
  const steps = fileURLToPath(new URL('steps.mjs', import.meta.url))
  const formats: number[] = []
  for (let n = 1; ; n++) {
    await rm(work, { recursive: true })
    await mkdir(work)
    await cp(old, file)
    await writeFile(script, code)
    const env = { ...process.env, KILL_AT: String(n), KILL_IN: work }
    const [, signal] = await once(spawn(process.execPath, ['--import', steps, script], { env, stdio: 'inherit' }), 'exit')
    if (signal !== 'SIGKILL') break
    const { format } = JSON.parse(await readFile(file, 'utf8')) as { format: number }
    formats.push(format)
    if (format === 1) expect(await readFile(file, 'utf8'), `step ${n}`).toBe(text)
    else expect(await readFile(`${file}.format-1`, 'utf8'), `step ${n}`).toBe(text)
    const state = await LocalState.open(file, JSON.parse(text))
    await state.put('after', row())
    expect(await readFile(`${file}.format-1`, 'utf8'), `step ${n}`).toBe(text)
  }
  expect((await readdir(work)).sort()).toEqual(['dev.json', 'dev.json.backup', 'dev.json.format-1'])
  expect(new Set(formats)).toEqual(new Set([1, 2]))
  expect(formats.length).toBeGreaterThan(10)
})
