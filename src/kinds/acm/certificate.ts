import type { CertificateDetail } from '@aws-sdk/client-acm'
import type { Aws } from '../../aws/clients.ts'
import { pages } from '../../aws/pages.ts'
import { isOurs, tagList, tagMap } from '../../aws/tags.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { Stamp, Tags } from '../../engine/kind.ts'
import { must, none, one } from '../ec2/common.ts'
import { arnIn } from '../elb/common.ts'
import type { AwsKind } from '../kind.ts'
import { inWantedOrder } from '../sets.ts'

export type CertificateProps = {
  /** At most 64 characters; `*.example.com` stands for all one step below. */
  domain: string
  alternativeNames: readonly string[]
}
export type ValidationRecord = { readonly name: string; readonly type: string; readonly value: string }
export type CertificateAttrs = {
  id: string
  arn: string
  /** What has to stand in the DNS, now and for every renewal. AWS tells it some seconds after the request. */
  records: readonly ValidationRecord[]
}

/** It will not come to life any more, only a new one will. One that is still in use is never deleted: AWS refuses that. */
const FAILED = new Set(['FAILED', 'VALIDATION_TIMED_OUT', 'EXPIRED', 'REVOKED'])

/**
 * A public certificate, proven by DNS. It stays pending until the records stand in the DNS, for 72 hours at most.
 * docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
 */
export const Certificate: AwsKind<CertificateProps, CertificateAttrs> = {
  type: 'acm.certificate',
  async observe(aws, stamp, want, last, depth) {
    const recorded = arnIn(last)
    const tagged = recorded === undefined ? await byTags(aws, stamp, want.domain) : []
    const arn = recorded ?? one(tagged)
    const c = arn === undefined ? undefined : await describe(aws, arn)
    if (!c || arn === undefined) return none(tagged.length > 1 ? tagged : []).absent
    const names = (c.SubjectAlternativeNames ?? []).filter((n) => n !== c.DomainName)
    const status = c.Status ?? 'unknown'
    return {
      is: FAILED.has(status) ? 'failed' : status === 'ISSUED' ? 'ready' : 'pending',
      attrs: { id: idOf(arn), arn, records: recordsOf(c) },
      props: { domain: c.DomainName ?? '', alternativeNames: inWantedOrder(names, want.alternativeNames) },
      note: noteOf(c, status),
      ...(depth === 'owner' ? { tags: await tagsOf(aws, arn) } : {}),
    }
  },
  async create(aws, want, stamp) {
    const made = await aws.acm('RequestCertificate', {
      DomainName: want.domain,
      ...(want.alternativeNames.length > 0 ? { SubjectAlternativeNames: [...want.alternativeNames] } : {}),
      ValidationMethod: 'DNS',
      // ACM takes 32 letters, digits and underscores.
      IdempotencyToken: stamp.token.replace(/\W/g, '').slice(0, 32),
      Tags: tagList(stamp.tags),
    })
    const arn = must(made.CertificateArn, 'the ARN of the certificate')
    return { attrs: { id: idOf(arn), arn } }
  },
  async tag(aws, attrs, tags) {
    await aws.acm('AddTagsToCertificate', { CertificateArn: attrs.arn, Tags: tagList(tags) })
  },
  async delete(aws, attrs) {
    await aws.acm('DeleteCertificate', { CertificateArn: attrs.arn })
  },
  async blockers(aws, attrs) {
    return ((await describe(aws, attrs.arn))?.InUseBy ?? []).map((what) => ({ what }))
  },
  async stuck(aws, attrs) {
    const c = await describe(aws, attrs.arn)
    const open = c ? recordsOf(c, (state) => state !== 'SUCCESS') : []
    return open.length > 0 ? [`the DNS lacks ${open.map(show).join(', and ')}`] : []
  },
  facts: {
    title: 'certificate',
    minutes: 5,
    deleteMinutes: 0.1,
    deadline: 30,
    iam: {
      observe: ['acm:DescribeCertificate', 'acm:ListCertificates', 'acm:ListTagsForCertificate'],
      create: ['acm:AddTagsToCertificate', 'acm:DescribeCertificate', 'acm:RequestCertificate'],
      update: ['acm:AddTagsToCertificate'],
      delete: ['acm:DeleteCertificate', 'acm:DescribeCertificate'],
    },
    immutable: ['domain', 'alternativeNames'],
    replace: { name: (declared) => declared },
    found: 'tag',
    // Its records may never come.
    deletesPending: true,
    needsPerson: true,
  },
}

const describe = async (aws: Aws, CertificateArn: string): Promise<CertificateDetail | undefined> => {
  const found = (await unlessGone(aws.acm('DescribeCertificate', { CertificateArn })))?.Certificate
  return found?.CertificateArn === CertificateArn ? found : undefined
}

/** The list has no tags; that of the account may be long, so only those of the domain are asked for theirs. */
const byTags = async (aws: Aws, stamp: Stamp, domain: string | undefined): Promise<string[]> => {
  const all = await pages(async (NextToken) => {
    const page = await aws.acm('ListCertificates', { MaxItems: 1000, ...(NextToken ? { NextToken } : {}) })
    return [page.CertificateSummaryList, page.NextToken]
  })
  const arns = all.flatMap((c) => (domain === undefined || c.DomainName === domain ? (c.CertificateArn ?? []) : []))
  const tags = await Promise.all(arns.map((CertificateArn) => unlessGone(aws.acm('ListTagsForCertificate', { CertificateArn }))))
  return arns.filter((_, i) => isOurs(tagMap(tags[i]?.Tags), stamp))
}

const idOf = (arn: string): string => arn.split('/').at(-1) ?? arn

/** A wildcard and the domain below it are proven by one and the same record. */
const recordsOf = (c: CertificateDetail, which: (state: string | undefined) => boolean = () => true): ValidationRecord[] => {
  const found = new Map<string, ValidationRecord>()
  for (const { ResourceRecord: r, ValidationStatus } of c.DomainValidationOptions ?? [])
    if (r?.Name && which(ValidationStatus)) found.set(r.Name, { name: r.Name, type: r.Type ?? 'CNAME', value: r.Value ?? '' })
  return [...found.values()]
}

const show = (r: ValidationRecord): string => `${r.name} ${r.type} ${r.value}`

const noteOf = (c: CertificateDetail, status: string): string => {
  if (status !== 'PENDING_VALIDATION') return [status, c.FailureReason].filter(Boolean).join(': ')
  const records = recordsOf(c).map(show)
  return records.length > 0 ? `waiting for the DNS: ${records.join(', ')}` : 'waiting for AWS to name the DNS records'
}

const tagsOf = async (aws: Aws, CertificateArn: string): Promise<Tags> =>
  tagMap((await unlessGone(aws.acm('ListTagsForCertificate', { CertificateArn })))?.Tags)
