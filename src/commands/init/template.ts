export interface Answers {
  readonly preset: string | undefined
  readonly project: string
  readonly environment: string
  readonly region: string
  readonly email: string | undefined
  /** Of a preset: only the database and what belongs to it. */
  readonly databaseOnly?: boolean
  /** Of a preset: its tasks run in public subnets, and there is no NAT gateway. */
  readonly publicTasks?: boolean
}

export const DATABASE_STEPS = '[vpc, security-groups, secrets, rds, databases, monitoring]'

const DOMAIN = `# loadBalancer:
#   domain: shop.example.com  # HTTPS: a certificate is requested, and the DNS record that proves it is printed
`
const PRESET_CONTAINERS = `${DOMAIN}
# ecs:
#   services:
#     web: { desired: 2, cpu: 512, memory: 1024 }
`
const PUBLIC_CONTAINERS = `${DOMAIN}
ecs:
  services:
    web: { subnets: public }  # { desired: 2, cpu: 512, memory: 1024 } can be set here too
  tasks:
    migrate: { subnets: public }
`
/** What runs in containers; a stack of the database alone has none. */
const containersOf = (a: Answers): string => {
  if (!a.preset) return CONTAINERS
  if (a.databaseOnly) return ''
  return a.publicTasks ? PUBLIC_CONTAINERS : PRESET_CONTAINERS
}
const stepsOf = (a: Answers): string => {
  if (!a.preset) return ''
  return a.databaseOnly
    ? `steps: ${DATABASE_STEPS}   # without containers; more can come later\n`
    : `# The database alone, without containers: steps: ${DATABASE_STEPS}\n`
}
const natOf = (a: Answers): string => {
  if (!a.preset || a.databaseOnly)
    return '# nat: none                 # none | single | perAz; "infra create vpc" asks when it is not set'
  return a.publicTasks
    ? 'nat: none                   # none | single | perAz: the tasks run in public subnets, so they need none'
    : '# nat: single               # single | perAz: tasks in private subnets reach their image through it'
}
const CONTAINERS = `# What runs in containers: name the steps, and what shall run.
# steps: [vpc, security-groups, secrets, rds, databases, registry, load-balancer, ecs, autoscaling, monitoring]
# loadBalancer:
#   domain: shop.example.com  # HTTPS: a certificate is requested, and the DNS record that proves it is printed
# ecs:
#   services:
#     web:
#       port: 8000            # with a port it stands behind the load balancer
#       desired: 1
#       health: { path: /health }
#       environment: { LOG_LEVEL: info }
#       secrets: { DATABASE_PASSWORD: "database:password" }
`

/** A new infra.yaml: what was answered, and every other key that people change, as a comment with its default. */
export const template = (
  a: Answers,
): string => `# What the stack looks like. infra reads this file and makes the AWS account match it.
# All keys, with their rules: docs/configuration.md. A key that is left out has the default shown in its comment.

${a.preset ? `preset: ${a.preset}   # names, sizes and settings of that stack; keys below win over it\n` : ''}project: ${a.project}
environment: ${a.environment}
region: ${a.region}
${stepsOf(a)}
# namePrefix: ${a.preset && a.environment === 'production' ? a.project : `${a.project}-${a.environment}`}   # what all AWS names begin with
# tags: { Team: payments }                    # on every resource, besides Name, Environment, Application, ManagedBy

vpc:
  cidr: 10.0.0.0/16
  azCount: 2                  # availability zones: one public and one private subnet in each
  ${natOf(a)}

# securityGroups:
#   bastionCidr: ${a.preset ? 'auto         # who may use SSH on the bastion: auto (your address now) | none | 203.0.113.7/32' : 'none         # who may use SSH on the bastion: auto (your address now) | none | 203.0.113.7/32'}

# secrets:
#   recoveryWindowDays: 30    # a deleted secret can be restored this long (7-30; 0: gone at once)
#   database:
#     keys:                   # besides the connection's own; values are made in AWS, never written here
#       api_key: { placeholder: CHANGE_ME }
#       session_secret: { generate: 50 }

# rds:
#   version: "16"             # a major version: the newest minor that RDS offers
#   instanceClass: ${a.preset ? 'db.t4g.small' : 'db.t4g.micro'}
#   allocatedGb: 20           # grows by itself up to maxAllocatedGb
#   maxAllocatedGb: 100
#   multiAz: false            # a standby in another zone, at twice the price
#   backupRetentionDays: 7    # any second of these days can be restored; at most 35
#   deletionProtection: true

databases:
  # via: auto                 # how infra gets into the server: auto | direct | ssm | task | print
  ${a.preset ? '# names: [startupwebapp_prod, healthtech_experiment, fintech_experiment]' : `names: [${a.project.replaceAll('-', '_')}]`}
  roles: shared               # perDatabase: each database its own role and secret, closed to the others

${containersOf(a)}
monitoring:
  ${a.email ? `email: ${a.email}` : '# email: ops@example.com   # who gets the alarms; AWS asks the person to confirm'}
  alarms:
    cpu: { threshold: 70 }    # percent, ten minutes on end
    connections: { threshold: 80 }

# environments:               # what is different in another one: infra --env staging ...
#   staging:
#     rds: { instanceClass: db.t4g.micro }
`
