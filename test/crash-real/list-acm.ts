import { ACMClient, ListCertificatesCommand, ListTagsForCertificateCommand } from '@aws-sdk/client-acm'
import { type Account, clientConfig } from '../support/account.ts'
import { labelOf, type Thing, tagsOf } from './thing.ts'

export const listCertificates = async (account: Account): Promise<Thing[]> => {
  const acm = new ACMClient(clientConfig(account))
  const { CertificateSummaryList = [] } = await acm.send(new ListCertificatesCommand({}))
  const things = CertificateSummaryList.map(async ({ CertificateArn = '', DomainName }): Promise<Thing> => {
    const tags = tagsOf((await acm.send(new ListTagsForCertificateCommand({ CertificateArn }))).Tags)
    const ids = [CertificateArn, CertificateArn.split('/').at(-1) ?? '']
    return { type: 'certificate', label: labelOf(tags), ids, view: { domain: DomainName, tags } }
  })
  const all = await Promise.all(things)
  acm.destroy()
  return all
}
