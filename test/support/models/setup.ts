import { relative } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, inject } from 'vitest'
import { watchChildren } from './children.ts'
import { hereBook } from './here.ts'
import { failOnRefused } from './unread.ts'
import { sentBy, watch } from './watch.ts'

// Every request that a test sends, itself or by a process that it starts, is compared with AWS's service models. What AWS would
// refuse for its shape fails the test.

const { root, preload } = inject('models')
const book = hereBook()
watch(root, book)
watchChildren(preload, root, book)

/** What a hook of the file sends is the file's. */
const file = relative(root, expect.getState().testPath ?? '')
const nameOf = (test: string): string => `${file} > ${test}`
sentBy(file)
beforeEach(({ task }) => sentBy(nameOf(task.fullTestName)))
afterEach(({ task }) => {
  failOnRefused(book, nameOf(task.fullTestName))
})
afterAll(() => failOnRefused(book, file))
