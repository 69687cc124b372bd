export type { Sandbox } from './daemon.ts'
export { ensureSandbox, resetSandbox, sandboxStatus, stopSandbox } from './daemon.ts'
export { cacheDir } from './paths.ts'
