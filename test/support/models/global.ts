import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type {} from 'vitest'
import type { TestProject } from 'vitest/node'
import { prepare } from './archive.ts'
import { buildPreload, judgeOf } from './children.ts'
import { FOLDERS } from './model.ts'
import { summary } from './summary.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the check of requests finds AWS's models, keeps its books, and what child processes load first. */
    models: { readonly root: string; readonly books: string; readonly preload: string }
  }
}

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** vitest globalSetup: a book for each worker, and the sum of them at the end. */
export default async function setup(project: TestProject): Promise<() => void> {
  const books = mkdtempSync(join(tmpdir(), 'infra-models-'))
  prepare(root, Object.values(FOLDERS))
  const preload = await buildPreload(root)
  project.provide('models', { root, books, preload })
  return () => {
    const { text, ...counts } = summary(readdirSync(books).map((name) => readFileSync(join(books, name), 'utf8')))
    console.log(`\n${text}`)
    for (const refusal of counts.refusals) console.log(`  ${refusal}`)
    rmSync(books, { recursive: true, force: true })
    for (const file of [preload, judgeOf(preload)]) rmSync(file, { force: true })
    // A process may have outlived the test that should have failed.
    if (counts.refused > 0) process.exitCode = 1
  }
}
