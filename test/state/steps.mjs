// Loaded before a program (node --import): its process dies at the KILL_AT-th step that it takes on files, in the middle of a write included.
import fs from 'node:fs'
import fsp from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const at = Number(process.env.KILL_AT)
/** Only what is done to files of this folder counts. */
const folder = process.env.KILL_IN ?? ''
let n = 0
const step = () => {
  if (++n !== at) return
  process.kill(process.pid, 'SIGKILL')
  for (;;);
}
const counts = (path) => String(path).startsWith(folder)

const { open } = fsp
const wrapHandle = (handle) => {
  for (const name of ['sync', 'chmod', 'chown', 'close']) {
    const real = handle[name].bind(handle)
    handle[name] = async (...args) => {
      step()
      return real(...args)
    }
  }
  const write = handle.writeFile.bind(handle)
  handle.writeFile = async (text) => {
    step()
    await write(String(text).slice(0, String(text).length / 2))
    step()
    await write(String(text).slice(String(text).length / 2))
  }
  return handle
}
fsp.open = async (path, flags, ...rest) => {
  if (!counts(path)) return open(path, flags, ...rest)
  step()
  return wrapHandle(await open(path, flags, ...rest))
}
for (const name of ['rename', 'rm', 'link', 'unlink']) {
  const real = fsp[name]
  fsp[name] = async (path, ...args) => {
    if (counts(path)) step()
    return real(path, ...args)
  }
}
const { writeFile } = fsp
fsp.writeFile = async (path, text, ...rest) => {
  if (!counts(path)) return writeFile(path, text, ...rest)
  step()
  // As the system does it: the file is emptied, then written.
  fs.closeSync(fs.openSync(path, 'w'))
  step()
  return writeFile(path, text, ...rest)
}
syncBuiltinESMExports()
