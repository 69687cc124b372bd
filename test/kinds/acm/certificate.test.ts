import { describe, expect, it } from 'vitest'
import { Certificate } from '../../../src/kinds/acm/certificate.ts'
import { certificateArn, shownCertificate } from '../fixtures/acm.ts'
import { fixtureOf } from '../fixtures/index.ts'
import { aws, awsError, cloud, type Input, stamp } from '../support/cloud.ts'
import { toTags } from '../support/fixture.ts'
import { Run } from '../support/run.ts'

const fixture = fixtureOf('acm.certificate')
const want = fixture.want as unknown as Parameters<typeof Certificate.create>[1]
const attrs = fixture.attrs as unknown as Parameters<typeof Certificate.delete>[1]
const show = (part: object) => cloud({ DescribeCertificate: { Certificate: { ...shownCertificate, ...part } } })
const look = (part: object) => {
  show(part)
  return Certificate.observe(aws, stamp, want, attrs)
}
const open = shownCertificate.DomainValidationOptions.map((o, i) => ({
  ...o,
  ValidationStatus: i === 2 ? 'SUCCESS' : 'PENDING_VALIDATION',
}))

describe('observe', () => {
  it.each([
    ['ISSUED', 'ready'],
    ['PENDING_VALIDATION', 'pending'],
    ['FAILED', 'failed'],
    ['VALIDATION_TIMED_OUT', 'failed'],
    ['EXPIRED', 'failed'],
    ['REVOKED', 'failed'],
    ['INACTIVE', 'pending'],
  ])('%s is %s', async (Status, is) => {
    expect((await look({ Status })).is).toBe(is)
  })

  it('names the records that have to stand in the DNS, each once', async () => {
    expect(await look({ Status: 'PENDING_VALIDATION' })).toMatchObject({
      note:
        'waiting for the DNS: _x1.example.com. CNAME _x2.acm-validations.aws., ' +
        '_y1.www.example.org. CNAME _y2.acm-validations.aws.',
    })
  })

  it('AWS names them some seconds after the request', async () => {
    const early = [{ DomainName: '*.example.com', ValidationStatus: 'PENDING_VALIDATION' }]
    expect(await look({ Status: 'PENDING_VALIDATION', DomainValidationOptions: early })).toMatchObject({
      note: 'waiting for AWS to name the DNS records',
      attrs: { records: [] },
    })
    expect(await look({ Status: 'PENDING_VALIDATION', DomainValidationOptions: undefined })).toMatchObject({
      attrs: { records: [] },
    })
  })

  it('says why it failed', async () => {
    expect(await look({ Status: 'FAILED', FailureReason: 'CAA_ERROR' })).toMatchObject({ note: 'FAILED: CAA_ERROR' })
  })

  it('is found by its tags among those of its domain only, in all pages', async () => {
    const arnOf = (name: string): string => `arn:aws:acm:us-east-1:111122223333:certificate/${name}`
    const account = cloud({
      ListCertificates: (input: Input) =>
        input.NextToken
          ? { CertificateSummaryList: [{ CertificateArn: certificateArn, DomainName: '*.example.com' }] }
          : {
              CertificateSummaryList: [
                { CertificateArn: arnOf('old'), DomainName: '*.example.com' },
                { CertificateArn: arnOf('gone'), DomainName: '*.example.com' },
                { CertificateArn: arnOf('other'), DomainName: 'example.net' },
              ],
              NextToken: '2',
            },
      ListTagsForCertificate: ({ CertificateArn }: Input) =>
        CertificateArn === arnOf('gone')
          ? awsError('ResourceNotFoundException')
          : { Tags: CertificateArn === certificateArn ? toTags(stamp.tags) : [] },
      DescribeCertificate: { Certificate: shownCertificate },
    })
    expect(await Certificate.observe(aws, stamp, want)).toMatchObject({ is: 'ready', attrs: { arn: certificateArn } })
    const asked = account.sent.filter(([name]) => name === 'ListTagsForCertificate').map(([, i]) => i.CertificateArn)
    expect(asked).toEqual([arnOf('old'), arnOf('gone'), certificateArn])
    expect(account.sent.slice(0, 2)).toEqual([
      ['ListCertificates', { MaxItems: 1000 }],
      ['ListCertificates', { MaxItems: 1000, NextToken: '2' }],
    ])
  })

  it('one that is recorded is asked for by its ARN, and so is one that is to be taken in', async () => {
    for (const last of [attrs, { id: certificateArn, arn: certificateArn }]) {
      const account = show({})
      expect(await Certificate.observe(aws, stamp, want, last)).toMatchObject({ attrs })
      expect(account.sent).toEqual([['DescribeCertificate', { CertificateArn: certificateArn }]])
    }
  })
})

describe('create', () => {
  it.each([
    ['4b8c6b5e-5d5a-4f0e-9d2e-0123456789ab', '4b8c6b5e5d5a4f0e9d2e0123456789ab'],
    ['x'.repeat(40), 'x'.repeat(32)],
  ])('the token %s becomes one that ACM takes', async (token, IdempotencyToken) => {
    const account = cloud({ RequestCertificate: { CertificateArn: certificateArn } })
    await Certificate.create(aws, { domain: 'example.com', alternativeNames: [] }, { ...stamp, token })
    expect(account.writes[0]?.[1]).toMatchObject({ IdempotencyToken })
    expect(account.writes[0]?.[1]).not.toHaveProperty('SubjectAlternativeNames')
  })

  it('an answer without an ARN is an error', async () => {
    cloud({ RequestCertificate: {} })
    await expect(Certificate.create(aws, want, stamp)).rejects.toThrow('without the ARN')
  })
})

/** The engine over it. */
describe('a certificate whose records nobody makes', () => {
  const pending = () => {
    let there = false
    return cloud({
      ListCertificates: () => ({
        CertificateSummaryList: there ? [{ CertificateArn: certificateArn, DomainName: '*.example.com' }] : [],
      }),
      ListTagsForCertificate: { Tags: toTags(stamp.tags) },
      RequestCertificate: () => {
        there = true
        return { CertificateArn: certificateArn }
      },
      DescribeCertificate: () =>
        there
          ? { Certificate: { ...shownCertificate, Status: 'PENDING_VALIDATION', DomainValidationOptions: open } }
          : awsError('ResourceNotFoundException'),
      DeleteCertificate: () => {
        there = false
        return {}
      },
    })
  }

  it('is waited for until the deadline; then it is said which are missing', async () => {
    pending()
    const run = new Run(Certificate)
    await expect(run.create(want)).rejects.toMatchObject({
      what: expect.stringContaining('after 30 minutes'),
      why: 'the DNS lacks _x1.example.com. CNAME _x2.acm-validations.aws.',
    })
    expect(run.row).toMatchObject({ is: 'creating', attrs: { arn: certificateArn } })
  })

  it('is destroyed without waiting', async () => {
    const account = pending()
    const run = new Run(Certificate)
    await run.create(want).catch(() => undefined)
    const began = run.clock.now()
    await run.destroy()
    expect(run.clock.now() - began).toBeLessThan(10_000)
    expect(account.writes.map(([name]) => name)).toEqual(['RequestCertificate', 'DeleteCertificate'])
    expect(run.row).toBeUndefined()
  })
})

it('one that timed out is requested anew', async () => {
  let arn = 'arn:aws:acm:us-east-1:1:certificate/old'
  let status = 'VALIDATION_TIMED_OUT'
  let there = true
  const account = cloud({
    ListCertificates: () => ({ CertificateSummaryList: there ? [{ CertificateArn: arn, DomainName: '*.example.com' }] : [] }),
    ListTagsForCertificate: { Tags: toTags(stamp.tags) },
    DescribeCertificate: () =>
      there
        ? { Certificate: { ...shownCertificate, CertificateArn: arn, Status: status } }
        : awsError('ResourceNotFoundException'),
    DeleteCertificate: () => {
      there = false
      return {}
    },
    RequestCertificate: () => {
      there = true
      arn = certificateArn
      status = 'ISSUED'
      return { CertificateArn: arn }
    },
  })
  const run = new Run(Certificate)
  expect(await run.create(want)).toEqual(attrs)
  expect(account.writes.map(([name]) => name)).toEqual(['DeleteCertificate', 'RequestCertificate'])
})

it('while it is in use, its delete is asked again, and then the users are named', async () => {
  const users = ['arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/web/50dc']
  const account = cloud({
    ...fixture.there(stamp.tags),
    DescribeCertificate: { Certificate: { ...shownCertificate, InUseBy: users } },
    DeleteCertificate: awsError('ResourceInUseException'),
    RequestCertificate: { CertificateArn: certificateArn },
  })
  const run = new Run(Certificate)
  await run.create(want)
  await expect(run.destroy()).rejects.toMatchObject({ what: `the-key cannot be deleted: it is still used by ${users[0]}` })
  expect(account.sent.filter(([name]) => name === 'DeleteCertificate').length).toBeGreaterThan(2)
  expect([...Certificate.facts.iam.delete, ...Certificate.facts.iam.observe]).toEqual(
    expect.arrayContaining([...account.actions].filter((a) => a !== 'acm:RequestCertificate')),
  )
})

it('nothing stands in the way of one that is proven, or gone', async () => {
  show({})
  expect(await Certificate.stuck?.(aws, attrs)).toEqual([])
  cloud({ DescribeCertificate: awsError('ResourceNotFoundException') })
  expect(await Certificate.stuck?.(aws, attrs)).toEqual([])
  expect(await Certificate.blockers?.(aws, attrs)).toEqual([])
})
