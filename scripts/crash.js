// npm run crash [-- --sample k] [-- --both] [-- --databases | --containers | --replace | --upgrade]: kills the built CLI at every AWS call of a stack's life and at every SQL statement, runs it again, and compares the account.
// Prints a table that must hold zeros, and exits 1 when it does not.
import { ensureBuilt, ensureInstalled, root, runBundled } from './ensure.js'

ensureInstalled()
ensureBuilt()
process.env.CRASH_ROOT = root
await runBundled('test/crash-real/main.ts')
