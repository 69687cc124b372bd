import { constants } from 'node:fs'
import { access, type FileHandle, link, open, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { bucketsOf } from '../../../aws/bucket-owner.ts'
import type { Aws } from '../../../aws/clients.ts'
import type { InBucket, Sink, Source } from '../../../aws/upload.ts'
import { InfraError, refuse } from '../../../core/errors.ts'
import type { Session } from '../../../session/session.ts'

/** `s3://bucket/key`; undefined for what is a file. @throws InfraError (exit 2) */
export const inBucket = (text: string, name: string): InBucket | undefined => {
  if (!/^s3:/i.test(text)) return undefined
  const [, bucket, key = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(text) ?? []
  if (bucket === undefined || (key === '' && name === ''))
    throw refuse(`${text} is no place in a bucket`, 'it must be s3://bucket/key', 'for example s3://shop-backups/shop.dump')
  return { bucket, key: key === '' || key.endsWith('/') ? `${key}${name}` : key }
}

/** @param name of the file, where only a folder or a prefix is given */
export const sinkFor = async (aws: Aws, to: string, name: string): Promise<Sink> => {
  const at = inBucket(to, name)
  if (at) return (await import('../../../aws/upload.ts')).bucketSink(aws, at)
  return fileSink(to, name)
}

const overwrites = (place: string): InfraError =>
  refuse(`${place} is there already`, 'a backup is never written over', 'Name another place: --to <file>')

const fileSink = async (to: string, name: string): Promise<Sink> => {
  const folder = to.endsWith('/') || (await stat(to).catch(() => undefined))?.isDirectory() === true
  const file = resolve(folder ? join(to, name) : to)
  const exists = await stat(file).catch(() => undefined)
  if (exists) throw overwrites(file)
  const beside = join(dirname(file), `${basename(file)}.${process.pid}.part`)
  const cannot = (error: unknown): InfraError =>
    new InfraError(`Cannot write ${file}`, {
      why: (error as Error).message,
      next: 'Name another place: --to <file>',
      cause: error,
    })
  const handle: FileHandle = await open(beside, 'wx', 0o600).catch((error: Error) => {
    throw refuse(`Cannot write ${file}`, error.message, 'Name another place: --to <file>')
  })
  return {
    place: file,
    async write(part) {
      await handle.writeFile(part).catch((error) => {
        throw cannot(error)
      })
    },
    async commit() {
      try {
        await handle.sync()
        await handle.close()
        // Unlike rename, a link never takes the place of what somebody has put there meanwhile.
        await link(beside, file)
        await unlink(beside)
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? ''
        if (code === 'EEXIST') throw overwrites(file)
        if (!/^(EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS|EMLINK)$/.test(code)) throw cannot(error)
        await rename(beside, file)
      }
    },
    async discard() {
      await handle.close().catch(() => undefined)
      await unlink(beside).catch(() => undefined)
    },
  }
}

/** AWS for a session's dumps: into nobody else's bucket, and out of none. */
export const ownBuckets = ({ aws, config, caller }: Pick<Session, 'aws' | 'config' | 'caller'>): Aws =>
  bucketsOf(aws, async () => config.bucketOwner ?? caller.account)

/** Opens a dump. @throws InfraError (exit 2) when it is not there */
export const sourceFor = async (aws: Aws, from: string): Promise<Source> => {
  const at = inBucket(from, '')
  if (!at) {
    const file = resolve(from)
    const found = await stat(file).catch(() => undefined)
    if (!found?.isFile()) throw refuse(`There is no file ${file}`, undefined, 'Name the file of a backup, or s3://bucket/key')
    await access(file, constants.R_OK).catch((error: Error) => {
      throw refuse(`Cannot read ${file}`, error.message, 'Make the file readable, then run the same command again')
    })
    const { createReadStream } = await import('node:fs')
    return { place: file, bytes: found.size, stream: createReadStream(file) }
  }
  return (await import('../../../aws/upload.ts')).download(aws, at)
}
