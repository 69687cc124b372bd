import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { anchor, pages, read, root } from './markdown.ts'

const withoutCode = (text: string): string => text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '')
const anchorsOf = (path: string): string[] =>
  [
    ...read(path)
      .replaceAll(/^```[\s\S]*?^```$/gm, '')
      .matchAll(/^#+ (.*)$/gm),
  ].map((m) => anchor(m[1] ?? ''))

describe.each(pages())('%s', (page) => {
  const links = [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((m) => m[1] ?? '')
    .filter((to) => !/^[a-z]+:/.test(to))

  test('its links lead to files and headings that are there', () => {
    const broken = links.filter((to) => {
      const [file = '', heading] = to.split('#')
      const target = file === '' ? page : normalize(join(dirname(page), file))
      if (!existsSync(join(root, target))) return true
      return heading !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(heading)
    })
    expect(broken).toEqual([])
  })
})

test('every page of docs can be reached from the README or from docs/configuration.md', () => {
  const from = `${read('README.md')}${read('docs/configuration.md')}`
  const missing = pages().filter(
    (page) => page.startsWith('docs/') && !from.includes(page.replace('docs/decisions/', 'decisions/')),
  )
  expect(missing).toEqual([])
})

test.each(pages())('%s names only files of the project that are there', (page) => {
  const named = [...read(page).matchAll(/`([^`\s]*)`/g)].map((m) => m[1] ?? '')
  const paths = named.filter((name) =>
    /^(src|test|cli|commands|session|engine|ecs|steps|kinds|config|aws|state)\/[\w./-]+(\.ts|\/)$/.test(name),
  )
  expect(paths.filter((path) => !existsSync(join(root, path)) && !existsSync(join(root, 'src', path)))).toEqual([])
})
