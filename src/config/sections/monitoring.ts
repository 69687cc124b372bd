import type { Kit } from '../kit.ts'
import type { No } from '../rule.ts'
import { type Own, section } from '../section.ts'

const schema = ({ z, email, int, text }: Kit) => {
  const dashboardName = text(/^[A-Za-z0-9_-]{1,255}$/, 'it must have 1 to 255 letters, digits, _ and -, for example Shop-RDS')
  const threshold = z
    .number({ error: 'it must be a number in the unit of the metric, for example 70' })
    .min(0, { error: 'it must not be negative, for example 70' })
  const PERIOD = 'it must be 10, 20, 30 or a multiple of 60 seconds, for example 300'
  const periods = (evaluationPeriods: number) => ({
    periodSeconds: z
      .number({ error: PERIOD })
      .refine((n) => [10, 20, 30].includes(n) || (n >= 60 && n % 60 === 0), PERIOD)
      .default(300),
    evaluationPeriods: int(1, 8640, 'it must be a whole number from 1, for example 2').default(evaluationPeriods),
  })
  const alarm = (usual: number, evaluationPeriods: number) =>
    z.strictObject({ threshold: threshold.default(usual), ...periods(evaluationPeriods) }).prefault({})

  return z
    .strictObject({
      email: email.optional(),
      emails: z.array(email).optional(),
      alarms: z
        .strictObject({
          cpu: alarm(70, 2),
          connections: alarm(80, 2),
          storage: alarm(2 * 1024 ** 3, 1),
          // By default from the memory of rds.instanceClass.
          memory: z.strictObject({ threshold: threshold.optional(), ...periods(2) }).prefault({}),
        })
        .prefault({}),
      dashboard: z.strictObject({ name: dashboardName.optional() }).prefault({}),
    })
    .prefault({})
}
type Monitoring = Own<typeof schema>

interface Basis {
  readonly namePrefix: string
  readonly rds: { readonly instanceClass: string }
}

const MIB = 1024 ** 2
/**
 * Bytes of free memory below which the alarm goes off. On a class with 1 GiB, PostgreSQL at rest leaves less than the usual 500 MiB:
 * the alarm would never end.
 */
const littleMemory = (instanceClass: string): number => (instanceClass.endsWith('.micro') ? 100 : 500) * MIB

const defaults = (own: Monitoring, { namePrefix, rds }: Basis) => {
  const { memory } = own.alarms
  return {
    emails: [own.email, ...(own.emails ?? [])].filter(
      (a, i, all): a is string => a !== undefined && all.findIndex((b) => b?.toLowerCase() === a.toLowerCase()) === i,
    ),
    alarms: { ...own.alarms, memory: { ...memory, threshold: memory.threshold ?? littleMemory(rds.instanceClass) } },
    dashboardName: own.dashboard.name ?? `${namePrefix}-rds`,
  }
}

const alarms = (own: Monitoring, _: unknown, no: No): void => {
  for (const [what, a] of Object.entries(own.alarms))
    if (a.periodSeconds * a.evaluationPeriods > (a.periodSeconds >= 3600 ? 604_800 : 86_400))
      no(
        ['monitoring', 'alarms', what, 'evaluationPeriods'],
        a.evaluationPeriods,
        'period times evaluation periods must stay within a day (seven days from one hour a period on), for example 2',
      )
}

/** A resource has the address in its key, where only letters and digits differ. */
const addresses = ({ email, emails = [] }: Monitoring, _: unknown, no: No): void => {
  const plain = (address: string): string => address.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  const all = email === undefined ? emails : [email, ...emails]
  for (const [i, address] of emails.entries()) {
    const twin = all.find((a) => a.toLowerCase() !== address.toLowerCase() && plain(a) === plain(address))
    if (twin !== undefined && all.indexOf(twin) < all.indexOf(address))
      no(
        ['monitoring', 'emails', i],
        address,
        `it differs from ${twin} only in punctuation, and infra could not tell them apart, for example ops@example.com`,
      )
  }
}

export const monitoring = section('monitoring', {
  step: 'monitoring',
  schema,
  defaults,
  rules: [alarms, addresses],
  sample: (a) => `monitoring:
  ${a.email ? `email: ${a.email}` : '# email: ops@example.com   # who gets the alarms; AWS asks the person to confirm'}
  alarms:
    cpu: { threshold: 70 }    # percent, ten minutes on end
    connections: { threshold: 80 }
`,
})
