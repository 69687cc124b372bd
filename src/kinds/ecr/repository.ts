import type { Repository as AwsRepository, ImageTagMutability } from '@aws-sdk/client-ecr'
import type { Aws } from '../../aws/clients.ts'
import { monthlyPrice } from '../../aws/prices.ts'
import { foreignTo, tagList, tagMap } from '../../aws/tags.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { JsonObject } from '../../core/json.ts'
import type { AwsKind } from '../kind.ts'

export type RepositoryProps = {
  /** Every image is looked through for known weaknesses when it is pushed. */
  scanOnPush: boolean
  encryption: 'AES256'
  /** Whether a tag may move to another image. */
  mutability: 'MUTABLE' | 'IMMUTABLE'
  /** The newest so many images stay, whatever their tags. */
  keepImages: number
}
export type RepositoryAttrs = { id: string; arn: string; uri: string }

/** No rule of ours: whatever is wanted, is a difference. */
const NO_RULE = 0

/** A private image repository. Its name is in lower case and may have slashes in it. */
export const Repository: AwsKind<RepositoryProps, RepositoryAttrs> = {
  type: 'ecr.repository',
  async observe(aws, stamp, _want, last, depth = 'props') {
    const name = last?.id ?? stamp.name
    const policy = depth === 'props' ? unlessGone(aws.ecr('GetLifecyclePolicy', { repositoryName: name })) : undefined
    policy?.catch(() => undefined)
    const found = await unlessGone(aws.ecr('DescribeRepositories', { repositoryNames: [name] }))
    const repository = found?.repositories?.find((r) => r.repositoryName === name)
    if (!repository?.repositoryArn) return { is: 'absent' }
    const tags = last && depth !== 'owner' ? undefined : await tagsOf(aws, repository.repositoryArn)
    return {
      is: 'ready',
      attrs: attrsOf(repository, name),
      props: {
        scanOnPush: repository.imageScanningConfiguration?.scanOnPush ?? false,
        encryption: (repository.encryptionConfiguration?.encryptionType ?? 'AES256') as 'AES256',
        mutability: (repository.imageTagMutability ?? 'MUTABLE') as RepositoryProps['mutability'],
        ...(policy ? { keepImages: keptBy((await policy)?.lifecyclePolicyText) } : {}),
      },
      ...(tags ? { tags, ...(last ? {} : foreignTo(stamp, tags, `the ECR repository ${name}`)) } : {}),
    }
  },
  async create(aws, want, stamp) {
    const { repository } = await aws.ecr('CreateRepository', {
      repositoryName: stamp.name,
      imageScanningConfiguration: { scanOnPush: want.scanOnPush },
      encryptionConfiguration: { encryptionType: want.encryption },
      imageTagMutability: want.mutability,
      tags: tagList(stamp.tags),
    })
    // The rule goes in with a call of its own, once the repository is recorded.
    return { attrs: attrsOf(repository ?? {}, stamp.name), ready: true, props: { keepImages: NO_RULE } }
  },
  async update(aws, attrs, want, changed) {
    const repositoryName = attrs.id
    if (changed.includes('scanOnPush')) {
      const imageScanningConfiguration = { scanOnPush: want.scanOnPush }
      await aws.ecr('PutImageScanningConfiguration', { repositoryName, imageScanningConfiguration })
    }
    if (changed.includes('mutability')) {
      const imageTagMutability: ImageTagMutability = want.mutability
      await aws.ecr('PutImageTagMutability', { repositoryName, imageTagMutability })
    }
    if (changed.includes('keepImages')) {
      const lifecyclePolicyText = JSON.stringify(ruleFor(want.keepImages))
      await aws.ecr('PutLifecyclePolicy', { repositoryName, lifecyclePolicyText })
    }
    return 'done'
  },
  async tag(aws, attrs, tags) {
    await aws.ecr('TagResource', { resourceArn: attrs.arn, tags: tagList(tags) })
  },
  async delete(aws, attrs) {
    // Whether the images may go was asked before: they are data.
    await aws.ecr('DeleteRepository', { repositoryName: attrs.id, force: true })
  },
  facts: {
    title: 'ECR repository',
    minutes: 0.1,
    monthly: (_want, region) => [monthlyPrice('ecr.storage', region, 0)],
    iam: {
      observe: ['ecr:DescribeRepositories', 'ecr:GetLifecyclePolicy', 'ecr:ListTagsForResource'],
      create: ['ecr:CreateRepository', 'ecr:TagResource'],
      update: ['ecr:PutImageScanningConfiguration', 'ecr:PutImageTagMutability', 'ecr:PutLifecyclePolicy', 'ecr:TagResource'],
      delete: ['ecr:DeleteRepository'],
    },
    immutable: ['encryption'],
    found: 'name',
    data: true,
  },
}

const attrsOf = (r: AwsRepository, name: string): RepositoryAttrs => ({
  id: r.repositoryName ?? name,
  arn: r.repositoryArn ?? '',
  uri: r.repositoryUri ?? '',
})

const tagsOf = async (aws: Aws, resourceArn: string): Promise<Record<string, string>> =>
  tagMap((await unlessGone(aws.ecr('ListTagsForResource', { resourceArn })))?.tags)

/** docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html */
const ruleFor = (keep: number) => ({
  rules: [
    {
      rulePriority: 1,
      description: `Keep the newest ${keep} images`,
      selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: keep },
      action: { type: 'expire' },
    },
  ],
})

/** How many images the policy keeps, if it is one rule like ours; its words and order do not count. */
const keptBy = (text: string | undefined): number => {
  const { rules = [] } = parsed(text)
  const [rule, ...more] = rules
  const { tagStatus, countType, countNumber } = rule?.selection ?? {}
  const ours = more.length === 0 && tagStatus === 'any' && countType === 'imageCountMoreThan' && rule?.action?.type === 'expire'
  return ours && typeof countNumber === 'number' ? countNumber : NO_RULE
}

interface Policy {
  readonly rules?: readonly { readonly selection?: JsonObject; readonly action?: JsonObject }[]
}

const parsed = (text = '{}'): Policy => {
  try {
    return JSON.parse(text) as Policy
  } catch {
    return {}
  }
}
