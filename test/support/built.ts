import { execFileSync } from 'node:child_process'

/** Tests that start the CLI as a process run what users get: the bundle, made from the sources as they are now. */
export default (): void => {
  execFileSync(process.execPath, ['scripts/build.js'], { stdio: 'inherit' })
}
