import { describe, expect, it } from 'vitest'
import { consoleUrl, isOptIn, partitionOf, supportUrl } from '../../src/aws/regions.ts'
import { readConfig } from '../../src/config/read.ts'
import { pluginCall } from '../../src/database/plugin.ts'

describe('regions', () => {
  it.each([
    ['us-east-1', 'aws', 'amazonaws.com'],
    ['mx-central-1', 'aws', 'amazonaws.com'],
    ['cn-northwest-1', 'aws-cn', 'amazonaws.com.cn'],
    ['us-gov-east-1', 'aws-us-gov', 'amazonaws.com'],
    ['eusc-de-east-1', 'aws-eusc', 'amazonaws.eu'],
    ['us-iso-east-1', 'aws-iso', 'c2s.ic.gov'],
    ['us-isob-east-1', 'aws-iso-b', 'sc2s.sgov.gov'],
    ['eu-isoe-west-1', 'aws-iso-e', 'cloud.adc-e.uk'],
    ['us-isof-south-1', 'aws-iso-f', 'csp.hci.ic.gov'],
  ])('%s is of the partition %s', (region, id, domain) => {
    expect(partitionOf(region)).toMatchObject({ id, domain })
    expect(readConfig({ project: 'shop', region }, {}, 'test').region).toBe(region)
  })

  it('those of before 2019 are on in every account, later ones have to be enabled, other partitions have no such thing', () => {
    const off = [
      'af-south-1',
      'ap-east-1',
      'ap-east-2',
      'ap-south-2',
      'ap-southeast-3',
      'ap-southeast-7',
      'ca-west-1',
      'eu-central-2',
    ]
    const more = ['eu-south-1', 'eu-south-2', 'il-central-1', 'me-central-1', 'me-south-1', 'mx-central-1']
    for (const region of [...off, ...more]) expect([region, isOptIn(region)]).toEqual([region, true])
    const on = ['us-east-1', 'us-west-2', 'eu-west-3', 'eu-north-1', 'ap-northeast-3', 'ap-south-1', 'ca-central-1', 'sa-east-1']
    for (const region of [...on, 'cn-north-1', 'us-gov-west-1', 'eusc-de-east-1'])
      expect([region, isOptIn(region)]).toEqual([region, false])
  })

  it('the console and support of each', () => {
    expect(consoleUrl('eu-west-1', 'rds/home')).toBe('https://eu-west-1.console.aws.amazon.com/rds/home')
    expect(consoleUrl('us-iso-east-1', 'rds/home')).toBeUndefined()
    expect(supportUrl('cn-north-1')).toBe('https://console.amazonaws.cn/support/home')
    expect(supportUrl('us-iso-east-1')).toBe('AWS Support')
  })

  it('the session-manager plugin is given the endpoint of the partition', () => {
    const call = (region: string) =>
      pluginCall({ plugin: { hidesToken: true }, session: {}, request: {}, env: {}, region, profile: '' } as never).args.at(-1)
    expect(call('us-east-1')).toBe('https://ssm.us-east-1.amazonaws.com')
    expect(call('cn-north-1')).toBe('https://ssm.cn-north-1.amazonaws.com.cn')
    expect(call('eusc-de-east-1')).toBe('https://ssm.eusc-de-east-1.amazonaws.eu')
  })
})
