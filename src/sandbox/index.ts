export { ensureSandbox, resetSandbox, sandboxStatus, stopSandbox } from './daemon.ts'
