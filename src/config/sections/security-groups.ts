import { parseCidr } from '../cidr.ts'
import type { Kit } from '../kit.ts'
import type { No } from '../rule.ts'
import { given, type Own, section } from '../section.ts'

const CIDR_OR_WORD = 'it must be auto (your address now), none (no SSH), or an IPv4 block, for example 203.0.113.7/32'
const schema = ({ z, cidr, flag }: Kit) =>
  z
    .strictObject({
      bastionCidr: z.union([z.enum(['auto', 'none']), cidr(0, 32, CIDR_OR_WORD)], { error: CIDR_OR_WORD }).default('none'),
      allowOpenSsh: flag('securityGroups.allowOpenSsh').default(false),
    })
    .prefault({})
type SecurityGroups = Own<typeof schema>

const ssh = (securityGroups: SecurityGroups, _: unknown, no: No): void => {
  if (parseCidr(securityGroups.bastionCidr)?.bits === 0 && !securityGroups.allowOpenSsh)
    no(
      ['securityGroups', 'bastionCidr'],
      securityGroups.bastionCidr,
      'it opens SSH to the whole internet; set your own address, for example 203.0.113.7/32, or securityGroups.allowOpenSsh: true if you mean it',
    )
}

export const securityGroups = section('securityGroups', {
  step: 'security-groups',
  schema,
  rules: [ssh],
  sample: (_, { securityGroups }) => `# securityGroups:
#   bastionCidr: ${given(securityGroups, 'bastionCidr', 'none')}         # who may use SSH on the bastion: auto (your address now) | none | 203.0.113.7/32
`,
})
