/**
 * The title of tests that are skipped where something is missing; the end of `npm test` says the reason.
 * @param reason undefined where they run
 */
export const skipped = (title: string, reason: string | undefined): string => (reason ? `${title} (skipped: ${reason})` : title)

/** The superuser may write everywhere, whatever the permissions say. */
export const root = process.getuid?.() === 0 ? 'file permissions do not bind root' : undefined
