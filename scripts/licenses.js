// The licences of what is bundled: the bundle carries other people's code without its comments, so it has to carry these.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const LICENCE = /^(licen[cs]e|copying|notice)([.-].*)?$/i

/** The package that a module of the bundle comes from; undefined for our own. */
const packageOf = (id) => {
  const file = id.replace(/^\0/, '').split('?')[0] ?? ''
  const at = file.lastIndexOf('/node_modules/')
  if (at < 0) return undefined
  for (let folder = dirname(file); folder.length > at; folder = dirname(folder)) {
    let about
    try {
      about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    } catch {
      continue
    }
    // Folders inside of a package have such a file, too, which says nothing but how its modules are to be read.
    if (about.name && about.version) return { folder, about }
  }
  return undefined
}

/** Every package of which a module is in the bundle, by name and version: its licence by name, and the texts that come with it. */
export const packagesIn = (moduleIds) => {
  const found = new Map()
  for (const id of moduleIds) {
    const known = packageOf(id)
    if (!known) continue
    const { folder, about } = known
    const key = `${about.name} ${about.version}`
    if (found.has(key)) continue
    const texts = readdirSync(folder)
      .filter((name) => LICENCE.test(name))
      .sort()
      .map((name) => readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim())
    const license = typeof about.license === 'string' ? about.license : (about.license?.type ?? about.licenses?.[0]?.type ?? '')
    const author = typeof about.author === 'string' ? about.author : (about.author?.name ?? '')
    found.set(key, { name: about.name, version: about.version, license, author, texts })
  }
  return [...found.values()].sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1))
}

/** What may be shipped in a bundle under MIT: a new licence is read by a person before it is named here. */
const KNOWN = new Set(['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD'])

/** The words of https://opensource.org/license/mit, for packages that only name it. */
const mit = (author) => `MIT License

Copyright (c) ${author}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`

/** The licence text of a package that comes without one; undefined: nobody can tell. */
const textFor = ({ name, license, author }, packages) => {
  if (license === 'MIT' && author) return mit(author)
  const scope = name.split('/')[0]
  const sibling = packages.find((p) => p.license === license && p.texts.length > 0 && p.name.split('/')[0] === scope)
  return name.startsWith('@') ? sibling?.texts[0] : undefined
}

/** The file that goes with the bundle. Throws where a licence is not known, or a text is missing. */
export const thirdParty = (packages) => {
  const under = new Map()
  for (const p of packages) {
    if (!KNOWN.has(p.license))
      throw new Error(
        `${p.name} ${p.version} is under ${p.license || 'no licence'}: read it, then name it in scripts/licenses.js`,
      )
    const own = p.texts.length > 0 ? p.texts : [textFor(p, packages)]
    for (const text of own) {
      if (!text) throw new Error(`${p.name} ${p.version} comes without the text of its licence (${p.license})`)
      under.set(text, [...(under.get(text) ?? []), `${p.name} ${p.version} (${p.license})`])
    }
  }
  const line = '-'.repeat(78)
  const parts = [...under].map(([text, names]) => `${line}\n${names.join('\n')}\n${line}\n\n${text}\n`)
  return `The files of infra's bundle hold code of the following packages, under these licences.\n\n${parts.join('\n')}`
}
