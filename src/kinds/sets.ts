/**
 * A list whose order means nothing to AWS, which answers it in any order: given back as it is wanted when it holds the same, so that
 * only a real difference counts as one.
 */
export const inWantedOrder = (is: readonly string[], want: readonly string[] | undefined): readonly string[] =>
  want !== undefined && is.length === want.length && [...is].sort().join('\n') === [...want].sort().join('\n') ? want : is
