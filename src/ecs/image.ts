import type { Aws } from '../aws/clients.ts'
import { codeOf } from '../aws/trouble.ts'
import { refuse } from '../core/errors.ts'

export interface Image {
  /** With the registry's host, as far as it is named: `127.0.0.1:5000/shop/web`. */
  readonly repository: string
  readonly tag: string | undefined
  readonly digest: string | undefined
}

/** A colon behind the last slash begins the tag; one before belongs to the host. */
export const parseImage = (image: string): Image => {
  const [name = '', digest] = image.split('@')
  const slash = name.lastIndexOf('/')
  const colon = name.indexOf(':', slash + 1)
  return { repository: colon < 0 ? name : name.slice(0, colon), tag: colon < 0 ? undefined : name.slice(colon + 1), digest }
}

const TAG = /^\w[\w.-]{0,127}$/
const DIGEST = /^sha256:[0-9a-f]{64}$/
const WHOLE = /^[a-z0-9]+([._-]+[a-z0-9]+)*(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/i

/**
 * The whole image that is meant: a tag or a digest is one of the repository that runs now.
 * @throws InfraError (exit 2) when it is none
 */
export const imageFor = (running: string | undefined, wish: string): string => {
  const text = wish.replace(/^[:@](?=\S)/, '')
  if (DIGEST.test(text) || TAG.test(text)) {
    const { repository } = parseImage(running ?? '')
    if (!repository)
      throw refuse(
        'The running container has no image',
        'a tag needs a repository',
        'Name the whole image: --image <repository>:<tag>',
      )
    return DIGEST.test(text) ? `${repository}@${text}` : `${repository}:${text}`
  }
  if (/[/:]/.test(text) && WHOLE.test(text)) return text
  throw refuse(
    `--image ${wish} is no image`,
    'it must be a tag, a digest (sha256: and 64 digits), or a whole image',
    'for example --image v2, or --image nginx:1.27',
  )
}

export interface EcrImage extends Image {
  readonly account: string
  readonly region: string
  /** Within the registry. */
  readonly name: string
}

/** Hosts by IPv4, and by IPv4 and IPv6: docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html */
const ECR =
  /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.(?:com(?:\.cn)?|eu)|on\.(?:aws|amazonwebservices\.(?:com\.cn|eu)))\/(.+)$/

/** Undefined for what is kept elsewhere. */
export const ecrImage = (image: string): EcrImage | undefined => {
  const parsed = parseImage(image)
  const [, account = '', region = '', name = ''] = ECR.exec(parsed.repository) ?? []
  return name ? { ...parsed, account, region, name } : undefined
}

/** How an image gets into its registry; into that of the sandbox without Docker. */
export const pushLines = ({ repository, name, region, tag = 'latest' }: EcrImage, sandbox: boolean): string[] => {
  if (sandbox) return [`infra sandbox push ${name}:${tag}`]
  const host = repository.slice(0, repository.indexOf('/'))
  return [
    `aws ecr get-login-password --region ${region} | docker login --username AWS --password-stdin ${host}`,
    `docker build -t ${repository}:${tag} .`,
    `docker push ${repository}:${tag}`,
  ]
}

/** `there`, `missing`, `no repository` to hold it, or why that could not be found out. */
export type Presence = 'there' | 'missing' | 'no repository' | { readonly unknown: string }

/** Asks the registry, where it is that of this account and region; another one would have to be asked with its own login. */
export const presenceOf = async (
  aws: Pick<Aws, 'ecr'>,
  image: string,
  here: { account: string; region: string },
): Promise<Presence> => {
  const at = ecrImage(image)
  if (!at || at.account !== here.account || at.region !== here.region) return { unknown: 'it is in a registry that is not asked' }
  const imageIds = [at.digest === undefined ? { imageTag: at.tag ?? 'latest' } : { imageDigest: at.digest }]
  try {
    const { imageDetails = [] } = await aws.ecr('DescribeImages', { repositoryName: at.name, imageIds })
    return imageDetails.length > 0 ? 'there' : 'missing'
  } catch (error) {
    if (codeOf(error) === 'ImageNotFound') return 'missing'
    if (codeOf(error) === 'RepositoryNotFound') return 'no repository'
    // Who may deploy may not be one who may look into the registry.
    if (/^AccessDenied/.test(codeOf(error))) return { unknown: 'this identity may not ask the registry (ecr:DescribeImages)' }
    throw error
  }
}
