export {
  ensureSandbox,
  resetSandbox,
  type Sandbox,
  type SandboxOptions,
  type SandboxStatus,
  sandboxStatus,
  stopSandbox,
} from './daemon.ts'
export { SandboxError } from './error.ts'
export type { Seconds } from './seconds.ts'
