import type { Kit } from '../kit.ts'
import { STEPS } from '../names.ts'
import { PRESETS } from '../presets/index.ts'
import type { No } from '../rule.ts'
import { section } from '../section.ts'

/** What stands at the top of infra.yaml: whose stack it is, where, and which steps. */
export const general = ({ z, oneOf, text }: Kit) => ({
  preset: oneOf(PRESETS).optional(),
  project: text(
    /^[a-z](?!.*--)[a-z0-9-]{0,18}[a-z0-9]$/,
    'it must have 2 to 20 lower-case letters, digits and single hyphens, begin with a letter and not end with a hyphen, for example shop',
  ),
  environment: text(
    /^[a-z](?!.*--)[a-z0-9-]{0,11}(?<!-)$/,
    'it must have 1 to 12 lower-case letters, digits and single hyphens, begin with a letter and not end with a hyphen, for example production',
  ),
  region: text(/^[a-z]{2,4}(-[a-z]+)+-\d$/, 'it must be the name of an AWS region, for example us-east-1'),
  profile: z.string().optional(),
  namePrefix: text(
    /^[a-z](?!.*--)[a-z0-9-]{0,31}[a-z0-9]$/,
    'it must have 2 to 33 lower-case letters, digits and single hyphens, begin with a letter and not end with a hyphen, for example shop-staging',
  ).optional(),
  application: text(
    /^[\w\s+=._:/@-]{1,128}$/,
    'it goes into a tag: 1 to 128 letters, digits, spaces and _+=.:/@-, for example Shop',
  ).optional(),
  tags: z
    .record(
      text(
        /^(?!aws:)(?!infra:)(?!Name$)[\w\s+=._:/@-]{1,128}$/i,
        'a tag key has 1 to 128 letters, digits, spaces and _+=.:/@- and does not begin with aws: or infra:, and Name is set by infra, for example Team',
      ),
      text(/^[\w\s+=._:/@-]{0,256}$/, 'a tag value has at most 256 letters, digits, spaces and _+=.:/@-, for example payments'),
    )
    .refine(
      (t) => Object.keys(t).length <= 40,
      'AWS takes 50 tags on a resource and infra needs some, so at most 40, for example { Team: payments }',
    )
    .default({}),
  steps: z.array(oneOf(STEPS)).min(1, { error: 'it must name at least one step, for example [vpc]' }).optional(),
})

interface General {
  readonly project: string
  readonly namePrefix?: string | undefined
  readonly tags: Readonly<Record<string, string>>
}

const prefix = (c: General, no: No): void => {
  const [key, value] = c.namePrefix === undefined ? ['project', c.project] : ['namePrefix', c.namePrefix]
  if (/^sg(-|$)/.test(value)) no([key], value, 'EC2 takes no security group whose name begins with sg-, for example shop')
}

const OWN_TAGS = ['Name', 'Environment', 'Application', 'ManagedBy', 'Purpose', 'Type']

/** IAM does not tell tag keys apart by upper and lower case. */
const tags = (c: General, no: No): void => {
  const keys = Object.keys(c.tags)
  for (const [i, key] of keys.entries()) {
    const twin = [...OWN_TAGS, ...keys.slice(0, i)].find((k) => k !== key && k.toLowerCase() === key.toLowerCase())
    if (twin)
      no(
        ['tags', key],
        c.tags[key],
        `it differs from the tag ${twin} only in upper and lower case, which IAM refuses, for example ${twin}`,
      )
  }
}

export const generalRules = [prefix, tags]

const envSchema = ({ z, text }: Kit) =>
  z
    .record(
      text(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, 'a variable has letters, digits and _, for example DATABASE_URL'),
      z.string({
        error:
          'it must be a text, with outputs as ${rds.endpoint} and secrets as ${secret:database:password}, for example ${rds.endpoint}',
      }),
    )
    .default({})

/** Names that `infra env` prints, and what stands behind them: the same texts as in a container's environment, and `secret:key` for a secret. */
export const env = section('env', { schema: envSchema })

const driftSchema = ({ z, text }: Kit) =>
  z
    .strictObject({
      ignore: z
        .array(
          text(
            /^(\*|[a-z0-9-]+)(\.[A-Za-z*]+)?$/,
            'it must be a resource, a resource and a property, or * and a property, for example db-instance.instanceClass',
          ),
        )
        .default([]),
    })
    .prefault({})

export const drift = section('drift', { schema: driftSchema })

const stateSchema = ({ text }: Kit) =>
  text(
    /^(local|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[\w!.*'()/-]*)?)$/,
    'it must be local, or a bucket and a prefix, for example s3://my-team-state/infra',
  ).default('local')

/** `local`, or s3://bucket/prefix. */
export const state = section('state', { schema: stateSchema })

const ownerSchema = ({ text }: Kit) =>
  text(/^\d{12}$/, 'it must be the number of an account, in quotes, for example "123456789012"').optional()

/** The account of its bucket, and of those for dumps; undefined: that of the credentials. */
export const bucketOwner = section('bucketOwner', { schema: ownerSchema })
