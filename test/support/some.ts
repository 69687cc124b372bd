/**
 * Of what would take minutes, each n-th; with INFRA_TEST_ALL=1 all of it. Whole matrices of kills are `npm run crash`'s business.
 */
export const eachNth = <T>(all: readonly T[], n: number): readonly T[] =>
  process.env.INFRA_TEST_ALL ? all : all.filter((_, i) => i % n === 0)
