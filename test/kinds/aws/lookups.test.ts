import { describe, expect, it } from 'vitest'
import { amazonLinux, architectureOf } from '../../../src/aws/lookups.ts'
import { aws, awsError, cloud } from '../support/cloud.ts'

describe('architectureOf', () => {
  it.each([
    't4g.nano',
    'm6gd.large',
    'c7gn.xlarge',
    'r8g.metal-24xl',
    'x2gd.medium',
    'im4gn.large',
    'is4gen.medium',
    'hpc7g.4xlarge',
    'g5g.xlarge',
    'i8ge.large',
    'a1.medium',
  ])('%s is Graviton', (type) => {
    expect(architectureOf(type)).toBe('arm64')
  })
  it.each([
    't3.micro',
    't2.nano',
    't3a.small',
    'm5.large',
    'm7i-flex.large',
    'c6id.large',
    'g4dn.xlarge',
    'g6e.xlarge',
    'gr6.4xlarge',
    'u-6tb1.56xlarge',
    'trn1n.32xlarge',
    'inf2.xlarge',
    'i4i.large',
  ])('%s is not', (type) => {
    expect(architectureOf(type)).toBe('x86_64')
  })
})

describe('amazonLinux', () => {
  it('is what AWS names as the newest one', async () => {
    const account = cloud({ GetParameter: { Parameter: { Value: 'ami-1' } } })
    expect(await amazonLinux(aws, 'arm64')).toBe('ami-1')
    expect(account.sent).toEqual([
      ['GetParameter', { Name: '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64' }],
    ])
  })
  it('a region that has none is refused before anything is made', async () => {
    cloud({ GetParameter: awsError('ParameterNotFound') })
    await expect(amazonLinux(aws, 'x86_64')).rejects.toMatchObject({ exitCode: 2, what: expect.stringContaining('x86_64') })
  })
  it('another error is one', async () => {
    cloud({ GetParameter: awsError('AccessDeniedException') })
    await expect(amazonLinux(aws, 'x86_64')).rejects.toThrow('AccessDenied')
  })
})
