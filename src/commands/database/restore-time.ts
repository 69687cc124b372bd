import { refuse } from '../../core/errors.ts'
import { automatedBackups } from '../../rds/instance.ts'
import { commandLine, type Globals } from '../../session/globals.ts'
import type { Session } from '../../session/session.ts'

/** The moment to restore to: a second, or the latest that AWS can. */
export type Moment = Date | 'latest'

/** The first and the last moment to which AWS can restore a server. */
export interface Window {
  readonly earliest: Date
  readonly latest: Date
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }
const AGO = /^(\d{1,6})\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)(?:\s+ago)?$/i
const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*(Z|UTC|[+-]\d\d:?\d\d)$/i

/** `2026-11-30T10:15:00Z`: AWS restores to a second. */
export const isoOf = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`

/**
 * A point in time as a person writes it: `2026-11-30T10:15:00Z` (or with an offset), or how long ago: `90m`, `2 hours ago`.
 * @returns it to the second, as AWS takes it
 * @throws InfraError (exit 2)
 */
export const momentOf = (text: string, now: Date): Date => {
  const given = text.trim()
  const [, count, unit] = AGO.exec(given) ?? []
  if (count !== undefined && unit !== undefined)
    return whole(now.getTime() - Number(count) * (SECONDS[unit.charAt(0).toLowerCase()] ?? 0) * 1000)
  const [, day, time, zone = ''] = ISO.exec(given) ?? []
  const at = new Date(`${day}T${time}${/^(z|utc)$/i.test(zone) ? 'Z' : zone}`)
  if (isDay(day) && !Number.isNaN(at.getTime())) return whole(at.getTime())
  const noZone = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?)?$/.test(given)
  throw refuse(
    `--to-time is ${text}`,
    noZone ? 'it does not say in which time zone' : 'it must be a time with its zone, or how long ago: a number and s, m, h or d',
    `for example --to-time ${isoOf(now)}, or --to-time 2h`,
  )
}

const whole = (ms: number): Date => new Date(Math.floor(ms / 1000) * 1000)

/** JavaScript takes 31 February for 3 March. */
const isDay = (day: string | undefined): boolean => {
  const at = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 10) === day
}

/**
 * The moments to which AWS can restore a server: it keeps the log of all changes as long as automated backups, and uploads it every
 * five minutes. What is not uploaded yet cannot be restored. docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIT.html
 * @returns undefined until the first backup is complete
 */
export const windowOf = async (s: Pick<Session, 'aws'>, id: string): Promise<Window | undefined> => {
  const kept = await automatedBackups(s.aws, id)
  const { EarliestTime: earliest, LatestTime: latest } =
    kept.find((b) => b.DBInstanceIdentifier === id && b.Status !== 'retained')?.RestoreWindow ?? {}
  return earliest && latest ? { earliest, latest } : undefined
}

/** `2026-11-30 10:15:00 UTC` */
export const second = (at: Date): string => `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`

/** @param as the identifier of the new server, for the command that would work. @throws InfraError (exit 2) */
export const refuseOutside = (g: Globals, id: string, at: Date, { earliest, latest }: Window, as: string): void => {
  if (at >= new Date(Math.floor(earliest.getTime() / 1000) * 1000) && at <= latest) return
  const late = at > latest
  throw refuse(
    `${id} cannot be restored to ${second(at)}`,
    `AWS can restore it to any second from ${second(earliest)} to ${second(latest)}${late ? '; later changes reach the backups within about five minutes' : ''}`,
    commandLine(
      g,
      late
        ? `db restore --latest --as ${as}`
        : `db restore --to-time ${isoOf(new Date(Math.ceil(earliest.getTime() / 1000) * 1000))} --as ${as}`,
    ),
  )
}
