export type { SandboxStatus } from './daemon.ts'
export { ensureSandbox, resetSandbox, sandboxStatus, stopSandbox } from './daemon.ts'
export type { Sandbox } from './look.ts'
export { cacheDir } from './paths.ts'
