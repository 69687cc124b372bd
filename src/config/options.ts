export interface LoadOptions {
  /** Path given with --config. */
  readonly file?: string | undefined
  readonly environment?: string | undefined
  readonly region?: string | undefined
}

/** The SDK's own variables, then the region that every document of this trade begins with. */
export const regionOfShell = (): string => process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || 'us-east-1'
