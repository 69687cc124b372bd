const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** A maintenance window (`rds.maintenanceWindow`) that is three days away, whenever a test runs: AWS makes changes at once in one that is open. */
export const laterWindow = (now = new Date()): string => {
  const day = DAYS[(now.getUTCDay() + 3) % 7]
  return `${day}:04:00-${day}:05:00`
}
