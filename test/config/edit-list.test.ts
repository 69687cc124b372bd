import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { addToList, removeFromList } from '../../src/config/edit-list.ts'

const path = ['databases', 'names']
const block = `databases:
  names:
    - shop   # the shop
    # customers
    - crm    # and theirs

  via: ssm # way
`

test('a line is added behind the last one, with its remark; the rest stays', () => {
  expect(addToList(block, path, 'x')).toBe(block.replace('theirs\n', 'theirs\n    - x\n'))
  expect(addToList('databases: { names: [a], via: ssm } # y\n', path, 'x')).toBe('databases: { names: [a, x], via: ssm } # y\n')
  expect(addToList('databases:\n  names: [] # none\n', path, 'x')).toBe('databases:\n  names: [x] # none\n')
  expect(addToList('databases:\n  names:\n  - b', path, 'x')).toBe('databases:\n  names:\n  - b\n  - x\n')
})

test('where there is no list, it is written', () => {
  expect(addToList('project: shop # mine\n', path, 'x')).toBe('project: shop # mine\ndatabases:\n  names:\n    - x\n')
  expect(addToList('databases:\n  # nothing yet\nvpc: {}\n', path, 'x')).toContain('# nothing yet')
})

test('a line is taken out with its remark; the last one leaves an empty list', () => {
  expect(removeFromList(block, path, 'shop')).toBe(block.replace('    - shop   # the shop\n', ''))
  expect(removeFromList('databases:\n  names: [a, b, c] # y\n', path, 'b')).toBe('databases:\n  names: [a, c] # y\n')
  expect(removeFromList('databases:\n  names: [a, b]\n', path, 'a')).toBe('databases:\n  names: [b]\n')
  expect(removeFromList('vpc: {}  # a\n\ndatabases:\n  names:\n    - a\n\n# end\n', path, 'a')).toBe(
    'vpc: {}  # a\n\ndatabases:\n  names: []\n\n# end\n',
  )
  expect(removeFromList(block, path, 'nope')).toBe(block)
  expect(removeFromList('project: shop\n', path, 'a')).toBe('project: shop\n')
})

test('what the file says is right for any list, and the other keys are as they were', () => {
  const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/)
  const written = fc.tuple(fc.uniqueArray(name, { maxLength: 5 }), fc.boolean(), fc.boolean(), name)
  fc.assert(
    fc.property(written, ([names, flow, last, word]) => {
      const list =
        flow || names.length === 0
          ? ` [${names.map((n) => JSON.stringify(n)).join(', ')}] # f`
          : names.map((n) => `\n    - ${JSON.stringify(n)} # ${n}`).join('')
      const text = `# top\na: 1 # one\ndatabases:\n  via: ssm\n  names:${list}${last ? '' : '\n  after: 1\nz: [1,2]'}\n`
      const before = parse(text)
      const added = parse(addToList(text, path, word))
      expect(added).toEqual({ ...before, databases: { ...before.databases, names: [...names, word] } })
      for (const gone of names) {
        const rest = removeFromList(text, path, gone)
        expect(parse(rest)).toEqual({ ...before, databases: { ...before.databases, names: names.filter((n) => n !== gone) } })
        expect(rest).toContain('# top\na: 1 # one\n')
      }
    }),
  )
})
