import { contains, layout, overlap, parseCidr } from '../cidr.ts'
import type { Kit } from '../kit.ts'
import type { StepName } from '../names.ts'
import type { No } from '../rule.ts'
import { type Answers, type Own, of, section } from '../section.ts'

const schema = ({ z, cidr, flag, int, oneOf, text }: Kit) => {
  const subnetCidr = cidr(
    16,
    28,
    'a subnet must be an IPv4 block from /16 to /28 with no bits set behind the prefix, for example 10.0.1.0/24',
  )
  const subnetIds = z.array(
    text(/^subnet-[0-9a-f]{8,17}$/, 'it must be the id of a subnet, for example subnet-0123456789abcdef0'),
  )
  return z
    .strictObject({
      mode: oneOf(['new', 'default', 'existing']).default('new'),
      id: text(/^vpc-[0-9a-f]{8,17}$/, 'it must be the id of a VPC, for example vpc-0123456789abcdef0').optional(),
      publicSubnetIds: subnetIds.optional(),
      privateSubnetIds: subnetIds.optional(),
      cidr: cidr(
        16,
        28,
        'a VPC must be an IPv4 block from /16 to /28 with no bits set behind the prefix, for example 10.0.0.0/16',
      ).default('10.0.0.0/16'),
      azCount: int(2, 6, 'a stack uses 2 to 6 availability zones, for example 2').default(2),
      azs: z
        .array(text(/^[a-z]{2,4}(-[a-z]+)+-\d[a-z]$/, 'it must be the name of an availability zone, for example us-east-1a'))
        .optional(),
      publicCidrs: z.array(subnetCidr).optional(),
      privateCidrs: z.array(subnetCidr).optional(),
      nat: oneOf(['none', 'single', 'perAz']).optional(),
      mapPublicIpOnLaunch: flag('vpc.mapPublicIpOnLaunch').default(false),
    })
    .prefault({})
}
export type Vpc = Own<typeof schema>

type Tasks = Readonly<Record<string, { readonly subnets?: 'private' | 'public' | undefined }>>
interface Basis {
  readonly steps: readonly StepName[]
  readonly ecs: { readonly services: Tasks; readonly tasks: Tasks }
}

const defaults = (vpc: Vpc, { steps, ecs }: Basis) => {
  const zones = vpc.azs?.length ?? vpc.azCount
  const blocks = layout(parseCidr(vpc.cidr) ?? { base: 0, bits: 16 }, zones)
  const hidden = [...Object.values(ecs.services), ...Object.values(ecs.tasks)].some((x) => x.subnets !== 'public')
  // Tasks in private subnets reach the registry, the secrets and the logs through it: then it is no open question.
  const nat = vpc.nat ?? (vpc.mode === 'new' && steps.includes('ecs') && hidden ? ('single' as const) : undefined)
  return {
    ...vpc,
    ...(nat ? { nat } : {}),
    azCount: zones,
    publicCidrs: vpc.publicCidrs ?? blocks.publics,
    privateCidrs: vpc.privateCidrs ?? blocks.privates,
  }
}

/** `existing` names what is there; the other modes find or make it, so names would be ignored. */
const network = (vpc: Vpc, _: unknown, no: No): void => {
  const named = ['id', 'publicSubnetIds', 'privateSubnetIds'] as const
  if (vpc.mode !== 'existing') {
    for (const key of named)
      if (vpc[key] !== undefined)
        no(['vpc', key], vpc[key], `it counts only with vpc.mode existing (it is ${vpc.mode}), for example mode: existing`)
  } else {
    if (!vpc.id) no(['vpc', 'id'], undefined, 'vpc.mode existing needs the id of the VPC, for example vpc-0123456789abcdef0')
    if ((vpc.privateSubnetIds ?? []).length < 2)
      no(
        ['vpc', 'privateSubnetIds'],
        vpc.privateSubnetIds,
        'RDS needs subnets in at least two zones, for example [subnet-0123456789abcdef0, subnet-0fedcba9876543210]',
      )
  }
  if (vpc.mode !== 'new' && vpc.nat !== undefined && vpc.nat !== 'none')
    no(
      ['vpc', 'nat'],
      vpc.nat,
      `a NAT gateway is made only in a VPC that infra makes (vpc.mode is ${vpc.mode}), for example nat: none`,
    )
}

const subnets = (vpc: Vpc, _: unknown, no: No): void => {
  const outer = parseCidr(vpc.cidr)
  const zones = vpc.azs?.length ?? vpc.azCount
  if (vpc.azs && (zones < 2 || zones > 6))
    no(
      ['vpc', 'azs'],
      vpc.azs,
      'RDS needs subnets in at least two zones, and a stack uses 6 at most, for example [us-east-1a, us-east-1b]',
    )
  if (vpc.azs && new Set(vpc.azs).size < vpc.azs.length)
    no(['vpc', 'azs'], vpc.azs, 'each zone may stand there once, for example [us-east-1a, us-east-1b]')
  const tiers = ['publicCidrs', 'privateCidrs'] as const
  // A block too small for its parts is told below; its parts would only repeat it.
  const fits = outer !== undefined && outer.bits + Math.ceil(Math.log2(2 * zones)) <= 28
  const made = fits ? layout(outer, zones) : undefined
  const seen: {
    tier: (typeof tiers)[number]
    path: (string | number)[]
    text: string
    block: NonNullable<ReturnType<typeof parseCidr>>
  }[] = []
  // Those that were written come last, so that it is they who are told about a clash with the layout.
  for (const tier of tiers.toSorted((a, b) => Number(vpc[a] !== undefined) - Number(vpc[b] !== undefined))) {
    const list = vpc[tier]
    if (list && list.length !== zones)
      no(
        ['vpc', tier],
        list,
        `there must be one block for each of the ${zones} zones, for example ${Array.from({ length: zones }, (_, i) => `10.0.${i + 1}.0/24`).join(', ')}`,
      )
    for (const [i, text] of (list ?? made?.[tier === 'publicCidrs' ? 'publics' : 'privates'] ?? []).entries()) {
      const block = parseCidr(text)
      if (!block || !outer) continue
      if (!contains(outer, block))
        no(
          ['vpc', tier, i],
          text,
          `it must lie inside vpc.cidr ${vpc.cidr}, for example ${vpc.cidr.replace(/\d+\/\d+$/, '0/24')}`,
        )
      const clash = seen.find((s) => overlap(s.block, block))
      if (clash)
        no(
          ['vpc', tier, i],
          text,
          `it overlaps ${clash.path.join('.')} ${clash.text}${vpc[clash.tier] ? '' : ' (the default; set both lists)'}; subnets must not overlap, for example 10.0.1.0/24 and 10.0.2.0/24`,
        )
      seen.push({ tier, path: ['vpc', tier, i], text, block })
    }
  }
  if (outer && !fits && !(vpc.publicCidrs && vpc.privateCidrs))
    no(['vpc', 'cidr'], vpc.cidr, `${2 * zones} subnets of at least /28 do not fit into it, for example 10.0.0.0/16`)
}

const natOf = (a: Answers): string => {
  if (!a.preset || a.databaseOnly)
    return '# nat: none                 # none | single | perAz; "infra create vpc" asks when it is not set'
  return a.publicTasks
    ? 'nat: none                   # none | single | perAz: the tasks run in public subnets, so they need none'
    : '# nat: single               # single | perAz: tasks in private subnets reach their image through it'
}

export const vpc = section('vpc', {
  step: 'vpc',
  schema,
  defaults,
  rules: [network, subnets],
  sample: (a) => `vpc:
  cidr: 10.0.0.0/16
  azCount: 2                  # availability zones: one public and one private subnet in each
  ${natOf(a)}
`,
  outputs: { 'vpc.id': of('vpc', 'id') },
})
