// Made by npm run prices. On-demand prices in USD, by region and key.
export const LISTED: Listed = { regions: {} }

export interface Listed {
  /** The day on which the files were read; undefined: never. */
  readonly asOf?: string
  readonly source?: string
  readonly regions: Readonly<Record<string, Readonly<Record<string, number>>>>
}
