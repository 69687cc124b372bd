const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const WEEK = 7 * 24 * 60
const time = (hours: string | undefined, minutes: string | undefined): number | undefined => {
  const [h, m] = [Number(hours), Number(minutes)]
  return h < 24 && m < 60 ? h * 60 + m : undefined
}

/** A daily window `HH:MM-HH:MM` as [begin, length] in minutes. */
export const dailyWindow = (value: string): readonly [number, number] | undefined => {
  const m = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(value)
  const [from, to] = [time(m?.[1], m?.[2]), time(m?.[3], m?.[4])]
  return m && from !== undefined && to !== undefined ? [from, (to - from + 1440) % 1440] : undefined
}

/** A weekly window `ddd:HH:MM-ddd:HH:MM` as [begin, length] in minutes. */
export const weeklyWindow = (value: string): readonly [number, number] | undefined => {
  const m = /^([a-z]{3}):(\d\d):(\d\d)-([a-z]{3}):(\d\d):(\d\d)$/.exec(value.toLowerCase())
  const [day1, day2] = [DAYS.indexOf(m?.[1] ?? ''), DAYS.indexOf(m?.[4] ?? '')]
  const [from, to] = [time(m?.[2], m?.[3]), time(m?.[5], m?.[6])]
  if (!m || day1 < 0 || day2 < 0 || from === undefined || to === undefined) return undefined
  const begin = day1 * 1440 + from
  return [begin, (day2 * 1440 + to - begin + WEEK) % WEEK]
}

/** V20: the daily window must not touch the weekly one on any day; one may end where the other begins. */
export const windowsOverlap = (daily: readonly [number, number], weekly: readonly [number, number]): boolean =>
  [-1, 0, 1, 2, 3, 4, 5, 6, 7].some((day) => {
    const from = day * 1440 + daily[0]
    return [-WEEK, 0, WEEK].some((shift) => from < weekly[0] + shift + weekly[1] && weekly[0] + shift < from + daily[1])
  })
