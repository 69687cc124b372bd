import { describe, expect, it } from 'vitest'
import { amazonLinux, architectureOf, availabilityZones } from '../../src/aws/lookups.ts'
import { aws, awsError, cloud } from '../kinds/support/cloud.ts'

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

describe('availabilityZones', () => {
  const zones = (...of: [letter: string, id: string, more?: object][]) =>
    cloud({
      DescribeAvailabilityZones: {
        AvailabilityZones: of.map(([letter, ZoneId, more]) => ({
          ZoneName: `us-east-1${letter}`,
          ZoneId,
          State: 'available' as const,
          ZoneType: 'availability-zone',
          ...more,
        })),
      },
    })

  it('are in order, those in which AWS adds nothing any more last, whatever their letter in this account', async () => {
    zones(['a', 'use1-az3'], ['c', 'use1-az2'], ['b', 'use1-az1'], ['d', 'use1-az4'])
    expect(await availabilityZones(aws, 'us-east-1')).toEqual(['us-east-1b', 'us-east-1c', 'us-east-1d', 'us-east-1a'])
    for (const id of ['apne1-az3', 'usw1-az2', 'cac1-az3']) {
      zones(['a', id], ['b', 'x1-az1'])
      expect((await availabilityZones(aws, 'us-east-1'))[0]).toBe('us-east-1b')
    }
  })

  it('are not local or wavelength zones, nor those that are not available', async () => {
    zones(['a', 'use1-az1', { State: 'impaired' }], ['b', 'use1-az2'], ['c', 'use1-x', { ZoneType: 'local-zone' }])
    expect(await availabilityZones(aws, 'us-east-1')).toEqual(['us-east-1b'])
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
