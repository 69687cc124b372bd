import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { cacheDir } from '../../sandbox/index.ts'
import { replaceFile } from '../../state/replace.ts'

/** Milliseconds for which an address that did not answer is not tried again. */
const KEPT_MS = 3_600_000

/** Addresses that did not answer: when, and from which network. */
type Silent = Readonly<Record<string, { readonly at: number; readonly from: string }>>

const file = (): string => join(cacheDir(process.env), 'unreachable.json')

/** This machine's own addresses: a VPN or another network changes them, and then everything is tried again. */
const here = (): string => {
  const own = Object.values(networkInterfaces()).flatMap((of) => (of ?? []).flatMap((a) => (a.internal ? [] : [a.address])))
  return createHash('sha256').update(own.sort().join()).digest('hex').slice(0, 16)
}

const read = async (): Promise<Silent> => {
  try {
    const found: unknown = JSON.parse(await readFile(file(), 'utf8'))
    const from = here()
    return Object.fromEntries(
      Object.entries(found as Silent).filter(([, x]) => x.from === from && Date.now() - x.at < KEPT_MS && x.at <= Date.now()),
    )
  } catch {
    return {}
  }
}

const write = async (silent: Silent): Promise<void> => {
  try {
    await mkdir(cacheDir(process.env), { recursive: true })
    await replaceFile(file(), JSON.stringify(silent), { mode: 0o600 })
  } catch {
    // Without a memory the address is tried again: it costs seconds.
  }
}

/** Whether the address did not answer within the last hour, from the network that this machine is in now. */
export const wasSilent = async (address: string): Promise<boolean> => address in (await read())

export const rememberSilent = async (address: string, silent: boolean): Promise<void> => {
  const { [address]: known, ...others } = await read()
  if (silent) await write({ ...others, [address]: { at: Date.now(), from: here() } })
  else if (known) await write(others)
}
