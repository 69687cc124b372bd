export interface Bundled {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly author: string
  readonly texts: readonly string[]
}
export function packagesIn(moduleIds: readonly string[]): Bundled[]
export function thirdParty(packages: readonly Bundled[]): string
