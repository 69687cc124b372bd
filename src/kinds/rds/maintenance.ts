const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const WEEK = 7 * 1440
/** AWS begins nothing in a window that closes within so many minutes. */
const LAST = 30

/** When AWS makes what waits for the maintenance window. */
export interface Window {
  /** The moment from which on it may happen. */
  readonly at: Date
  /** `in the maintenance window on Sun 2026-12-06 at 04:00 UTC` */
  readonly when: string
}

/**
 * The next opening of a weekly window.
 * @param window `ddd:hh:mm-ddd:hh:mm` in UTC, in any case
 * @param now the moment that it is asked for
 * @returns undefined for a text that is no window
 */
export const nextWindow = (window: string | undefined, now: Date): Window | undefined => {
  const m = /^([a-z]{3}):(\d\d):(\d\d)-([a-z]{3}):(\d\d):(\d\d)$/.exec(window?.toLowerCase() ?? '')
  const [begin, end] = [minuteOf(m?.[1], m?.[2], m?.[3]), minuteOf(m?.[4], m?.[5], m?.[6])]
  if (begin === undefined || end === undefined) return undefined
  const length = (end - begin + WEEK) % WEEK
  const since = (now.getUTCDay() * 1440 + now.getUTCHours() * 60 + now.getUTCMinutes() - begin + WEEK) % WEEK
  if (since <= length - LAST) {
    const closes = new Date(now.getTime() + (length - since) * 60_000)
    return { at: now, when: `in the maintenance window, which is open now (until ${closes.toISOString().slice(11, 16)} UTC)` }
  }
  const at = new Date(now.getTime() + (WEEK - since) * 60_000)
  at.setUTCSeconds(0, 0)
  const day = DAYS[at.getUTCDay()] ?? ''
  const name = `${day.slice(0, 1).toUpperCase()}${day.slice(1)}`
  return {
    at,
    when: `in the maintenance window on ${name} ${at.toISOString().slice(0, 10)} at ${at.toISOString().slice(11, 16)} UTC`,
  }
}

const minuteOf = (day: string | undefined, hour: string | undefined, minute: string | undefined): number | undefined => {
  const index = DAYS.indexOf(day ?? '')
  return index < 0 ? undefined : index * 1440 + Number(hour) * 60 + Number(minute)
}
