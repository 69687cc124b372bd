// Bundles src into dist: one chunk for each command and each SDK client, so that a command loads only what it uses.
import { cp, readFile, rm } from 'node:fs/promises'
import { rolldown } from 'rolldown'

const root = new URL('..', import.meta.url)
const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'))

await rm(new URL('dist', root), { recursive: true, force: true })
const bundle = await rolldown({
  cwd: root.pathname,
  input: { cli: 'src/cli.ts' },
  platform: 'node',
  // The ES modules of the SDK: only those can be shaken, and half of EC2's schemas is not used.
  resolve: { mainFields: ['module', 'main'] },
  transform: { define: { INFRA_VERSION: JSON.stringify(version) } },
  logLevel: 'warn',
})
await bundle.write({ dir: 'dist', format: 'esm', minify: true, chunkFileNames: '[name]-[hash].js', comments: { legal: false } })
await cp(new URL('src/sandbox/moto_ext', root), new URL('dist/moto_ext', root), {
  recursive: true,
  filter: (path) => !path.includes('__pycache__'),
})
