// npm run prices [-- <region>...]: see bench/prices.ts.
import { ensureInstalled, root, runBundled } from './ensure.js'

ensureInstalled()
process.env.PRICES_ROOT = root
await runBundled('bench/prices.ts')
