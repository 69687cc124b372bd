/** PostgreSQL counts 16 and 17 as majors, MySQL 8.0 and 8.4. */
const PARTS: Readonly<Record<string, number>> = { postgres: 1, mysql: 2 }

/** `16` of 16.10 with postgres, `8.0` of 8.0.43 with mysql. */
export const majorOf = (engine: string, version: string): string =>
  version
    .split('.')
    .slice(0, PARTS[engine] ?? 2)
    .join('.')

let byNumber: Intl.Collator | undefined
/** Negative: a is older than b. `16` counts as older than 16.1. */
export const compareVersions = (a: string, b: string): number => {
  // One for all: `localeCompare` with options makes another one for each pair, and that takes longer than the comparison.
  byNumber ??= new Intl.Collator('en', { numeric: true })
  return byNumber.compare(a, b)
}

/** Whether a version is what was asked for, exactly or as the begin of it: 16.4 of 16, not 160.1. */
export const fits = (version: string, wanted: string): boolean => version === wanted || version.startsWith(`${wanted}.`)

/** The DB parameter group family of a version: postgres16, mysql8.0. */
export const familyOf = (engine: string, version: string): string => `${engine}${majorOf(engine, version)}`

/** Days as AWS names them: `from` is the first day of something, `until` the last one. */
interface Support {
  readonly standardUntil: string
  readonly chargedFrom: string
  /** The price doubles. */
  readonly doubledFrom: string
  /** After it AWS upgrades, whatever was asked for. */
  readonly extendedUntil: string
}

/**
 * AWS's release calendars, as of November 2026:
 * docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html
 * docs.aws.amazon.com/AmazonRDS/latest/UserGuide/MySQL.Concepts.VersionMgmt.html
 * The days of PostgreSQL 18 follow its community's end of life (November 2030) as those of its forerunners do.
 */
const CALENDAR: Readonly<Record<string, Support>> = {
  postgres11: days('2024-02-29', '2024-04-01', '2026-04-01', '2027-03-31'),
  postgres12: days('2025-02-28', '2025-03-01', '2027-03-01', '2028-02-29'),
  postgres13: days('2026-02-28', '2026-03-01', '2028-03-01', '2029-02-28'),
  postgres14: days('2027-02-28', '2027-03-01', '2029-03-01', '2030-02-28'),
  postgres15: days('2028-02-29', '2028-03-01', '2030-03-01', '2031-02-28'),
  postgres16: days('2029-02-28', '2029-03-01', '2031-03-01', '2032-02-29'),
  postgres17: days('2030-02-28', '2030-03-01', '2032-03-01', '2033-02-28'),
  postgres18: days('2031-02-28', '2031-03-01', '2033-03-01', '2034-02-28'),
  'mysql5.7': days('2024-02-29', '2024-03-01', '2026-03-01', '2027-02-28'),
  'mysql8.0': days('2026-07-31', '2026-08-01', '2028-08-01', '2029-07-31'),
  'mysql8.4': days('2029-07-31', '2029-08-01', '2031-08-01', '2032-07-31'),
}

function days(standardUntil: string, chargedFrom: string, doubledFrom: string, extendedUntil: string): Support {
  return { standardUntil, chargedFrom, doubledFrom, extendedUntil }
}

/** So many days before the end of standard support it is worth a word. */
const SOON_DAYS = 180
const DAY_MS = 86_400_000

export interface SupportNow extends Support {
  readonly major: string
  /** `soon`: standard support ends within half a year. `extended`: it has ended. */
  readonly phase: 'standard' | 'soon' | 'extended'
  /** What a vCPU and hour of Extended Support costs now: the key of the price; undefined while nothing is charged. */
  readonly price: 'rds.extended-support' | 'rds.extended-support.year3' | undefined
}

/** How AWS supports a version at a time; undefined for one that is not in the calendar. */
export const supportOf = (engine: string, version: string, at: Date): SupportNow | undefined => {
  const support = CALENDAR[familyOf(engine, version)]
  if (!support) return undefined
  const day = at.toISOString().slice(0, 10)
  const soon = new Date(at.getTime() + SOON_DAYS * DAY_MS).toISOString().slice(0, 10)
  const phase = day > support.standardUntil ? 'extended' : soon > support.standardUntil ? 'soon' : 'standard'
  const price =
    day >= support.doubledFrom
      ? ('rds.extended-support.year3' as const)
      : day >= support.chargedFrom
        ? ('rds.extended-support' as const)
        : undefined
  return { ...support, major: majorOf(engine, version), phase, price }
}

/** Virtual CPUs of a class: all burstable ones of today have at least 2. Undefined for one whose name does not tell. */
export const vcpusOf = (instanceClass: string): number | undefined => {
  const [, family = '', size = ''] = instanceClass.split('.')
  if (/^(micro|small)$/.test(size)) return family === 't2' ? 1 : 2
  if (/^(medium|large)$/.test(size)) return 2
  const many = /^(\d*)xlarge$/.exec(size)
  return many ? 4 * Number(many[1] || 1) : undefined
}

/**
 * Whether AWS's default parameter group of this version takes connections with TLS only: `rds.force_ssl` is on by default from
 * PostgreSQL 15 on. docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html
 */
export const forcesTlsByDefault = (engine: string, version: string): boolean =>
  engine === 'postgres' && Number.parseInt(version, 10) >= 15
