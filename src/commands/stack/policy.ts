import { partitionOf } from '../../aws/regions.ts'

/** AWS counts the characters of a managed policy without white space. docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const POLICY_CHARACTERS = 6144

export interface Statement {
  readonly Sid: string
  readonly Effect: 'Allow'
  readonly Action: readonly string[]
  readonly Resource: string | readonly string[]
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
}
export interface Policy {
  readonly Version: '2012-10-17'
  readonly Statement: readonly Statement[]
}

/** To what a policy is narrowed. Left out: it holds for any. */
export interface Narrowed {
  readonly region: string
  /** Where it is not known, the policy holds for every account. */
  readonly account?: string | undefined
  /** Names of the roles and instance profiles that the stack makes and passes on. */
  readonly roles: readonly string[]
  readonly profiles: readonly string[]
  /** The bucket of the state. Where there is none, the policy names every bucket. */
  readonly bucket?: string | undefined
}

/** Services whose service-linked role is made with the first thing of theirs in an account. */
const LINKED = ['ecs', 'ecs.application-autoscaling', 'elasticloadbalancing', 'rds'].map((s) => `${s}.amazonaws.com`)
/** Who gets a role of the stack. */
const PASSED_TO = ['ec2', 'ecs-tasks', 'monitoring.rds'].map((s) => `${s}.amazonaws.com`)

/** @returns the statements that allow these actions, IAM and S3 only where the stack needs them */
export const statementsOf = (sid: string, actions: readonly string[], to: Narrowed): Statement[] => {
  const arn = (what: string): string => `arn:${partitionOf(to.region).id}:iam::${to.account ?? '*'}:${what}`
  const roles = to.roles.map((name) => arn(`role/${name}`))
  const profiles = to.profiles.map((name) => arn(`instance-profile/${name}`))
  const left = new Set(actions)
  const take = (fits: (action: string) => boolean): string[] => {
    const taken = [...left].filter(fits).sort()
    for (const action of taken) left.delete(action)
    return taken
  }
  const statement = (name: string, Action: readonly string[], more: Omit<Statement, 'Sid' | 'Effect' | 'Action'>): Statement[] =>
    Action.length > 0 ? [{ Sid: `${sid}${name}`, Effect: 'Allow', Action, ...more }] : []
  const linked = statement(
    'LinkedRoles',
    take((a) => a === 'iam:CreateServiceLinkedRole'),
    {
      Resource: arn('role/aws-service-role/*'),
      Condition: { StringEquals: { 'iam:AWSServiceName': LINKED } },
    },
  )
  const narrowed =
    roles.length === 0
      ? []
      : [
          ...statement(
            'PassRoles',
            take((a) => a === 'iam:PassRole'),
            {
              Resource: roles,
              Condition: { StringEquals: { 'iam:PassedToService': PASSED_TO } },
            },
          ),
          ...statement(
            'Profiles',
            profiles.length === 0 ? [] : take((a) => a.startsWith('iam:') && a.includes('InstanceProfile')),
            {
              Resource: profiles,
            },
          ),
          ...statement(
            'Roles',
            take((a) => /^iam:\w*Role/.test(a) && a !== 'iam:SimulatePrincipalPolicy'),
            { Resource: roles },
          ),
        ]
  const bucket = statement(
    'Bucket',
    take((a) => a.startsWith('s3:')),
    {
      Resource: `arn:${partitionOf(to.region).id}:s3:::${to.bucket ?? '*'}/*`,
    },
  )
  return [...statement('', [...left].sort(), { Resource: '*' }), ...narrowed, ...linked, ...bucket]
}

export const policyOf = (Statement: readonly Statement[]): Policy => ({ Version: '2012-10-17', Statement })
export const charactersOf = (policy: Policy): number => JSON.stringify(policy).replaceAll(/\s/g, '').length

/** As few policies as AWS takes: whole services stay together. */
export const policiesFor = (sid: string, actions: readonly string[], to: Narrowed): Policy[] => {
  const parts: string[][] = [[]]
  const all = [...new Set(actions)].sort()
  for (const service of new Set(all.map((a) => a.split(':')[0]))) {
    const of = all.filter((a) => a.startsWith(`${service}:`))
    const last = parts.at(-1) ?? []
    if (charactersOf(policyOf(statementsOf(`${sid}99`, [...last, ...of], to))) > POLICY_CHARACTERS) parts.push(of)
    else last.push(...of)
  }
  return parts.map((part, i) => policyOf(statementsOf(parts.length > 1 ? `${sid}${i + 1}` : sid, part, to)))
}
