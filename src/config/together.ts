import { contains, layout, overlap, parseCidr } from './cidr.ts'
import { checkNames } from './name-rules.ts'
import type { No } from './rule.ts'
import { dailyWindow, weeklyWindow, windowsOverlap } from './rules.ts'
import type { ConfigFile } from './schema.ts'
import { defaultDatabases, withoutInsights } from './settle.ts'
import { containers } from './together-ecs.ts'

interface Ctx {
  /** What was found before: values of a wrong form. */
  readonly issues: readonly { readonly path?: readonly PropertyKey[] | undefined }[]
  addIssue(issue: { code: 'custom'; path: (string | number)[]; message: string; input: unknown }): void
}

/** Rules about more than one key. */
export const checkTogether = (c: unknown, ctx: Ctx): void => {
  const config = c as ConfigFile
  // A value of a wrong form is told as that, and once.
  const told = new Set(ctx.issues.map((issue) => issue.path?.join('.')))
  const no = (path: (string | number)[], input: unknown, message: string): void => {
    if (!told.has(path.join('.'))) ctx.addIssue({ code: 'custom', path, message, input })
  }
  network(config, no)
  subnets(config, no)
  database(config, no)
  databases(config, no)
  containers(config, no)
  alarms(config, no)
  checkNames(config, no)
}

/** `existing` names what is there; the other modes find or make it, so names would be ignored. */
const network = ({ vpc }: ConfigFile, no: No): void => {
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

const subnets = ({ vpc, securityGroups }: ConfigFile, no: No): void => {
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
  if (parseCidr(securityGroups.bastionCidr)?.bits === 0 && !securityGroups.allowOpenSsh)
    no(
      ['securityGroups', 'bastionCidr'],
      securityGroups.bastionCidr,
      'it opens SSH to the whole internet; set your own address, for example 203.0.113.7/32, or securityGroups.allowOpenSsh: true if you mean it',
    )
}

const RESERVED_USERS: Record<string, RegExp> = {
  postgres: /^(admin|rdsadmin|rds_.*|pg_.*)$/i,
  mysql: /^(rdsadmin|mysql\.sys|root)$/i,
}
const RESERVED_DATABASES = /^(postgres|template0|template1|rdsadmin|mysql|sys|information_schema|performance_schema)$/i

const database = ({ rds, databases }: ConfigFile, no: No): void => {
  if (rds.maxAllocatedGb !== rds.allocatedGb && rds.maxAllocatedGb < rds.allocatedGb * 1.1)
    no(
      ['rds', 'maxAllocatedGb'],
      rds.maxAllocatedGb,
      `storage autoscaling needs at least 10 % above rds.allocatedGb (${rds.allocatedGb}), or the same number to switch it off, for example ${Math.ceil(rds.allocatedGb * 1.26)}`,
    )
  const provisioned = rds.storageType === 'io1' || rds.storageType === 'io2'
  if (provisioned && rds.iops === undefined)
    no(
      ['rds', 'iops'],
      undefined,
      `rds.storageType ${rds.storageType} needs the number of IOPS that you pay for, for example 3000`,
    )
  // docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html: AllocatedStorage, Iops
  if (provisioned && rds.allocatedGb < 100)
    no(
      ['rds', 'allocatedGb'],
      rds.allocatedGb,
      `rds.storageType ${rds.storageType} takes 100 to 65536 GiB, for example 100; gp3 takes 20 and more`,
    )
  const [least, most] = [Math.ceil(rds.allocatedGb / 2), rds.allocatedGb * 50]
  if (provisioned && rds.allocatedGb >= 100 && rds.iops !== undefined && (rds.iops < least || rds.iops > most))
    no(
      ['rds', 'iops'],
      rds.iops,
      `RDS takes 0.5 to 50 IOPS for each GiB, so ${Math.max(least, 1000)} to ${most} with rds.allocatedGb ${rds.allocatedGb}, for example ${Math.min(3000, most)}`,
    )
  if (!provisioned && rds.iops !== undefined)
    no(
      ['rds', 'iops'],
      rds.iops,
      `it counts only with rds.storageType io1 or io2 (it is ${rds.storageType}), for example storageType: io2`,
    )
  if (databases.appUser === masterOf(rds))
    no(
      ['databases', 'appUser'],
      databases.appUser,
      'it must be another user than rds.masterUsername: the application needs less than the master may, for example shop_app',
    )
  if (rds.masterUsername && RESERVED_USERS[rds.engine]?.test(rds.masterUsername))
    no(
      ['rds', 'masterUsername'],
      rds.masterUsername,
      `${rds.engine} keeps this name for itself, for example ${rds.engine === 'postgres' ? 'postgres' : 'admin'}`,
    )
  if (rds.databaseName && RESERVED_DATABASES.test(rds.databaseName))
    no(['rds', 'databaseName'], rds.databaseName, 'the engine keeps this name for itself, for example shop')
  const [daily, weekly] = [dailyWindow(rds.backupWindow), weeklyWindow(rds.maintenanceWindow)]
  if (daily && weekly && windowsOverlap(daily, weekly))
    no(
      ['rds', 'backupWindow'],
      rds.backupWindow,
      `it overlaps rds.maintenanceWindow ${rds.maintenanceWindow}; one may end where the other begins, for example 03:00-04:00 and sun:04:00-sun:05:00`,
    )
  const allowed = rds.engine === 'postgres' ? ['postgresql', 'upgrade'] : ['audit', 'error', 'general', 'slowquery']
  for (const [i, log] of (rds.logExports ?? []).entries())
    if (!allowed.includes(log))
      no(['rds', 'logExports', i], log, `${rds.engine} exports ${allowed.join(', ')}, for example [${allowed[0]}]`)
  if (rds.performanceInsights && withoutInsights(rds))
    no(
      ['rds', 'performanceInsights'],
      rds.performanceInsights,
      `MySQL has no Performance Insights on ${rds.instanceClass}; set it to false, for example rds.performanceInsights: false`,
    )
}

const masterOf = ({ engine, masterUsername }: ConfigFile['rds']): string =>
  masterUsername ?? (engine === 'postgres' ? 'postgres' : 'admin')

const databases = (file: ConfigFile, no: No): void => {
  const { rds, databases } = file
  const { names = defaultDatabases(file), roles, via, appUser } = databases
  for (const [i, name] of names.entries()) {
    const path = ['databases', 'names', i]
    if (RESERVED_DATABASES.test(name)) no(path, name, 'the engine keeps this name for itself, for example shop')
    else if (names.indexOf(name) < i) no(path, name, 'it stands there twice, for example shop_2')
    else if (name === rds.databaseName)
      no(path, name, 'rds.databaseName is made by RDS and belongs to the master user; take it out there, for example shop')
    if (roles !== 'perDatabase') continue
    if (RESERVED_USERS[rds.engine]?.test(name) || name === masterOf(rds))
      no(path, name, 'with databases.roles perDatabase its role has this name too, and the engine keeps it, for example shop')
    if (rds.engine === 'mysql' && name.length > 32)
      no(
        path,
        name,
        'with databases.roles perDatabase its role has this name too, and MySQL takes 32 characters, for example shop',
      )
  }
  // With a role for each it only names what stands in the server's secret.
  if (appUser !== undefined && RESERVED_USERS[rds.engine]?.test(appUser))
    no(['databases', 'appUser'], appUser, `${rds.engine} keeps this name for itself, for example shop_app`)
  if (rds.engine === 'mysql' && (via === 'task' || via === 'print'))
    no(['databases', 'via'], via, 'for MySQL the ways in are direct and ssm, for example ssm')
  if (databases.target !== undefined && via !== undefined && via !== 'ssm' && via !== 'auto')
    no(['databases', 'target'], databases.target, `it counts only with databases.via ssm (it is ${via}), for example via: ssm`)
}

const alarms = (c: ConfigFile, no: No): void => {
  for (const [what, a] of Object.entries(c.monitoring.alarms))
    if (a.periodSeconds * a.evaluationPeriods > (a.periodSeconds >= 3600 ? 604_800 : 86_400))
      no(
        ['monitoring', 'alarms', what, 'evaluationPeriods'],
        a.evaluationPeriods,
        'period times evaluation periods must stay within a day (seven days from one hour a period on), for example 2',
      )
}
