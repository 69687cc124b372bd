import { watch } from './watch.ts'

// The first thing in every Node process that a test starts: see children.ts.
const [root, book] = (process.env.INFRA_TEST_MODELS ?? '').split('\n')
if (root && book) watch(root, book)
