import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateRepositoryCommand, DescribeImagesCommand, ECRClient } from '@aws-sdk/client-ecr'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { sandboxCommand } from '../../src/commands/sandbox/sandbox.ts'
import { recognise } from '../../src/sandbox/server.ts'
import { credentials } from '../support/credentials.ts'
import { given } from './support.ts'

describe.skipIf(!inject('motoUrl'))('infra sandbox push', () => {
  const url = inject('motoUrl') ?? ''
  let folder: string
  let ecr: ECRClient
  // Nobody else uses the account of the sandbox here.
  const region = 'sa-east-1'
  const uri = `123456789012.dkr.ecr.${region}.amazonaws.com/shop-dev-app`
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'infra-push-'))
    vi.stubEnv('INFRA_CACHE_DIR', folder)
    vi.stubEnv('AWS_REGION', region)
    ecr = new ECRClient({
      endpoint: url,
      region,
      credentials,
    })
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    ecr.destroy()
    await rm(folder, { recursive: true, force: true })
  })

  /** What it prints, or why it does not do it. */
  const push = async (image?: string, json = true): Promise<unknown> => {
    const lines: string[] = []
    const hear = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0)
    try {
      await sandboxCommand('push', { json, color: false }, image)
      return json ? JSON.parse(lines.join('')) : lines.join('')
    } catch (error) {
      const { what, why, next, exitCode } = error as Record<string, unknown>
      return { what, why, next, exitCode }
    } finally {
      hear.mockRestore()
    }
  }
  const images = async () => {
    const { imageDetails } = await ecr.send(new DescribeImagesCommand({ repositoryName: 'shop-dev-app' }))
    return (imageDetails ?? []).map((d) => [d.imageTags?.[0], d.imageDigest]).sort()
  }

  it('talks to the sandbox only, and to repositories that are there', async () => {
    expect(await push('shop-dev-app:v1')).toMatchObject({ what: 'No sandbox is running', exitCode: 2 })
    const { pid } = given(await recognise(url, credentials))
    const record = { url, pid, startedAt: new Date().toISOString(), log: join(folder, 'log'), credentials }
    await writeFile(join(folder, 'sandbox.json'), JSON.stringify(record))
    expect(await push()).toMatchObject({ what: 'Which image?', exitCode: 2 })
    expect(await push('shop-dev-app:v1')).toEqual({
      what: 'The sandbox has no repository shop-dev-app in sa-east-1',
      why: 'it has none yet',
      next: 'infra create registry --sandbox',
      exitCode: 2,
    })
  })

  it('puts an image under its tag, which then is another one', async () => {
    await ecr.send(new CreateRepositoryCommand({ repositoryName: 'shop-dev-app' }))
    const first = await push('shop-dev-app:v1')
    expect(first).toEqual({ image: `${uri}:v1`, digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) })
    const second = (await push(`${uri}:v1`)) as { digest: string }
    expect(second.digest).not.toBe((first as { digest: string }).digest)
    expect(await push('shop-dev-app', false)).toContain(`${uri}:latest is in the sandbox's registry`)
    expect(await images()).toEqual([
      ['latest', expect.any(String)],
      ['v1', second.digest],
    ])
    expect(await push('other:v1')).toMatchObject({ why: 'it has shop-dev-app' })
    expect(await push(`${uri.replace('1234', '9999')}:v1`)).toMatchObject({ next: 'infra sandbox push shop-dev-app:v1' })
    expect(await push(`${uri}@sha256:${'0'.repeat(64)}`)).toMatchObject({ what: expect.stringContaining('cannot be pushed') })
  })

  it('leaves a tag that must not change', async () => {
    const wish = { repositoryName: 'fixed', imageTagMutability: 'IMMUTABLE' as const }
    await ecr.send(new CreateRepositoryCommand(wish))
    expect(await push('fixed:v1')).toMatchObject({ image: expect.stringMatching(/fixed:v1$/) })
    expect(await push('fixed:v1')).toMatchObject({ why: 'its tags are immutable', exitCode: 2 })
  })
})
