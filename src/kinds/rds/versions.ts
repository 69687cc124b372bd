/** PostgreSQL counts 16 and 17 as majors, MySQL and MariaDB 8.0 and 8.4. */
const PARTS: Readonly<Record<string, number>> = { postgres: 1, mysql: 2, mariadb: 2 }

/** `16` of 16.10 with postgres, `8.0` of 8.0.43 with mysql. */
export const majorOf = (engine: string, version: string): string =>
  version
    .split('.')
    .slice(0, PARTS[engine] ?? 2)
    .join('.')

/** Negative: a is older than b. `16` counts as older than 16.1. */
export const compareVersions = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true })

/** The DB parameter group family of a version: postgres16, mysql8.0. */
export const familyOf = (engine: string, version: string): string => `${engine}${majorOf(engine, version)}`
