// npm run explore [-- --seed n] [-- --minutes m | --count n] [-- --side n] [-- --only 1,4-,5]: plays random sequences of commands,
// edits, kills and faults against the local AWS, and says which promise one of them breaks. The same seed is the same sequence.
import { ensureBuilt, ensureInstalled, root, runBundled } from './ensure.js'

ensureInstalled()
ensureBuilt()
process.env.EXPLORE_ROOT = root
await runBundled('test/explore/main.ts')
