import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { isAlive, type Start, type Started } from '../../src/sandbox/server.ts'

/** Variable with the address of the process that has moto loaded; workers inherit it. Absent: servers are started one by one. */
const FORK = 'INFRA_TEST_MOTO_FORK'

/** Starts that process (moto-fork.py); it ends with this one, or when the returned function is called. */
export async function startFork(python: string, folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'fork')
  const script = fileURLToPath(new URL('moto-fork.py', import.meta.url))
  const child = spawn(python, [script, path], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  // It says a line when it listens.
  await Promise.race([once(child.stdout, 'data'), ended.then(([code]) => Promise.reject(new Error(`moto-fork.py: ${code}`)))])
  child.unref()
  process.env[FORK] = path
  return async () => {
    delete process.env[FORK]
    child.stdin.end()
    await ended
  }
}

/** How `launch` starts a server in this run; undefined: as a child. */
export const forkIfAny = () => (process.env[FORK] ? fork : undefined)

/** A server forked from that process. It ends with this one: with the connection that it was asked for on. */
async function fork({ args, env, cwd, log }: Start): Promise<Started> {
  const socket = connect(process.env[FORK] ?? '').setEncoding('utf8')
  let over = false
  socket.once('close', () => {
    over = true
  })
  socket.on('error', () => {})
  socket.write(`${JSON.stringify({ args, env, cwd, log })}\n`)
  const [line] = (await once(createInterface(socket), 'line')) as [string]
  socket.unref()
  const pid = Number(line)
  return { pid, over: () => over || !isAlive(pid), kill: () => void socket.destroy() }
}
