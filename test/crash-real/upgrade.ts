import { CREATE } from './home.ts'
import { A_WEEK, type Course, WHOLE } from './life.ts'

const to17 = (...more: string[]): string[] => ['init', ...['rds.version=17', ...more].flatMap((text) => ['--set', text])]
const UPGRADE = { ...WHOLE, leaves: 'db-snapshot,secret', takesAll: true }

/** PostgreSQL 16 to 17 at once: a snapshot, a parameter group beside the old one, the new version, the old group gone. */
export const UPGRADED_NOW: Course = {
  ...UPGRADE,
  before: [CREATE, to17('rds.applyImmediately=true')],
  leaves: 'db-snapshot,db-snapshot,secret',
}

/** It waits for the maintenance window: both groups stay. */
export const UPGRADE_SCHEDULED: Course = { ...UPGRADE, before: [CREATE, to17()] }

/** The window has passed, and the old group goes. */
export const UPGRADED_IN_WINDOW: Course = { ...UPGRADE, before: [CREATE, to17(), CREATE, A_WEEK] }
