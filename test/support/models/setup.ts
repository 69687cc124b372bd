import { afterAll, afterEach, inject } from 'vitest'
import { watchChildren } from './children.ts'
import { hereBook } from './here.ts'
import { failOnRefused } from './unread.ts'
import { watch } from './watch.ts'

// Every request that a test sends, itself or by a process that it starts, is compared with AWS's service models. What AWS would
// refuse for its shape fails the test.

const { root, preload } = inject('models')
const book = hereBook()
watch(root, book)
watchChildren(preload, root, book)

afterEach(() => failOnRefused(book))
afterAll(() => failOnRefused(book))
