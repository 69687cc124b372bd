// Bundles src into dist: one chunk for each command and each SDK client, so that a command loads only what it uses.
import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { rolldown } from 'rolldown'
import { packagesIn, thirdParty } from './licenses.js'

const root = new URL('..', import.meta.url)
const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'))

// Built beside and put in place whole: a command that starts meanwhile finds the old bundle or the new one.
const beside = `dist.${process.pid}`
const bundle = await rolldown({
  cwd: root.pathname,
  input: { cli: 'src/cli/program.ts' },
  platform: 'node',
  preserveEntrySignatures: 'allow-extension',
  // The ES modules of the SDK: only those can be shaken, and half of EC2's schemas is not used.
  resolve: { mainFields: ['module', 'main'] },
  transform: { define: { INFRA_VERSION: JSON.stringify(version) } },
  logLevel: 'warn',
})
// What every command needs is one file: seventeen small ones cost more to load than they weigh. Errors and the names of steps stay apart, for --help.
const core =
  /src\/(engine\/|core\/(clock|json)|state\/(parse|checks|shape|migrate|memory|local|file|lock|schema)|steps|kinds|config\/(load|cache|closest|config|cidr|options|outputs|references|section|windows|presets)|aws\/(tags|trouble|answer|call-of|prices|lookups)|ui\/(format|io)|session\/(globals|declare|lookups|header)|sandbox\/paths)/
const { output } = await bundle.write({
  dir: beside,
  format: 'esm',
  minify: true,
  codeSplitting: {
    groups: [
      { name: 'core', test: core, includeDependenciesRecursively: false },
      // What the SDK's clients share, for the same reason: each command that calls AWS loads it.
      { name: 'sdk', test: /node_modules\/@(smithy|aws-sdk)\//, minShareCount: 5, includeDependenciesRecursively: false },
    ],
  },
  chunkFileNames: '[name]-[hash].js',
  comments: { legal: false },
})
const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []))
await writeFile(new URL(`${beside}/THIRD-PARTY-LICENSES.txt`, root), thirdParty(packagesIn(modules)))
await cp(new URL('src/sandbox/moto_ext', root), new URL(`${beside}/moto_ext`, root), {
  recursive: true,
  filter: (path) => !path.includes('__pycache__'),
})
const old = new URL(`dist.old.${process.pid}`, root)
await rename(new URL('dist', root), old).catch((error) => {
  if (error.code !== 'ENOENT') throw error
})
await rename(new URL(beside, root), new URL('dist', root))
await rm(old, { recursive: true, force: true })
