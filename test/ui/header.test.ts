import { afterEach, expect, it, vi } from 'vitest'
import { header } from '../../src/session/header.ts'
import { terminalIo } from '../../src/ui/io.ts'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

it('the first line of a screen says where it is, and that an address of another place is not AWS', () => {
  const lines: string[] = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0)
  for (const name of Object.keys(process.env).filter((n) => n.startsWith('AWS_ENDPOINT_URL'))) vi.stubEnv(name, undefined)
  const io = terminalIo({ color: false, json: false, yes: false, verbose: false })
  const config = { project: 'shop', environment: 'dev', region: 'eu-west-1' } as Parameters<typeof header>[0]['config']
  const say = (sandbox = false): string => {
    lines.length = 0
    header({ io, config, sandbox, account: '123456789012' }, 'Plan')
    return lines[0] ?? ''
  }
  expect(say()).toBe('Plan  shop / dev  account 123456789012, eu-west-1\n')
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:4566')
  expect(say()).toBe('Plan  shop / dev  account 123456789012, eu-west-1, not AWS but http://127.0.0.1:4566\n')
  vi.stubEnv('AWS_ENDPOINT_URL', '')
  vi.stubEnv('AWS_ENDPOINT_URL_S3', 'http://127.0.0.1:9000')
  expect(say()).toContain('not AWS but AWS_ENDPOINT_URL_S3 http://127.0.0.1:9000')
  expect(say(true)).toContain('SANDBOX')
  expect(say(true)).not.toContain('not AWS')
})
