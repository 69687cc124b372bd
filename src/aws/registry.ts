import type { Aws } from './clients.ts'

/** The repositories of the account and region: names and URIs. */
export const repositories = async (aws: Pick<Aws, 'ecr'>): Promise<{ readonly name: string; readonly uri: string }[]> => {
  const { repositories: all = [] } = await aws.ecr('DescribeRepositories', {})
  return all.map((r) => ({ name: r.repositoryName ?? '', uri: r.repositoryUri ?? '' }))
}

/** Puts a manifest under a tag. @returns its digest. @throws what ECR answers: also where a tag is taken and immutable */
export const putImage = async (
  aws: Pick<Aws, 'ecr'>,
  input: {
    readonly repositoryName: string
    readonly imageTag: string
    readonly imageManifest: string
    readonly imageManifestMediaType: string
  },
): Promise<string | undefined> => (await aws.ecr('PutImage', input)).image?.imageId?.imageDigest
