import { createRequire } from 'node:module'
import { hearRequests } from './hear.ts'

// The first thing in every Node process that a test starts: see children.ts. Most send no request at all, so the judge is loaded
// with the first one.
const told = (): string[] => (process.env.INFRA_TEST_MODELS ?? '').split('\n')
const [root, book, judge] = told()
if (root && book && judge) {
  let watch: typeof import('./watch.ts') | undefined
  hearRequests((wire) => {
    if (!watch) {
      watch = createRequire(judge)(judge) as typeof import('./watch.ts')
      watch.use(root, book)
    }
    // A process that runs the commands of one test after another is told whose each is.
    watch.sentBy(told()[3] ?? '')
    watch.checkWire(wire)
  })
}
