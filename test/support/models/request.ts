import type { Shape } from './model.ts'

/** A request as it is sent. */
export interface Wire {
  readonly method: string
  /** Path and query. */
  readonly path: string
  /** By names in small letters. */
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>
  readonly body: Buffer
}

/** A request that bears this header was checked where it was sent. It is added after signing, and no signature covers it. */
export const MARK = 'x-infra-model-checked'

export const header = ({ headers }: Pick<Wire, 'headers'>, name: string): string => String(headers[name] ?? '')

/**
 * The service that a request is for.
 * @returns the name that it is signed for (`elasticloadbalancing`), or undefined where it is no request to AWS
 */
export const serviceOf = (wire: Pick<Wire, 'headers' | 'path'>): string | undefined => {
  const scope = /Credential=[^/\s]+\/\d{8}\/[^/]*\/([^/]+)\/aws4_request/.exec(header(wire, 'authorization'))?.[1]
  // The pages of the sandbox itself.
  if (scope === 'infra-sandbox') return undefined
  if (scope !== undefined) return scope
  const presigned = /[?&]X-Amz-Credential=[^&]*?%2F([^%&]+)%2Faws4_request/.exec(wire.path)?.[1]
  if (presigned !== undefined) return presigned
  // A few operations are not signed (AssumeRoleWithWebIdentity): the SDK names the service in its user agent.
  const api = /\bapi\/([a-z0-9_]+)#/.exec(header(wire, 'user-agent'))?.[1]
  return api === undefined || /aws4_request/.test(header(wire, 'authorization')) ? undefined : api
}

/** Text of the wire as the type that the shape has; what does not look like it stays text, and fails the check. */
export const typed = (shape: Shape, value: unknown): unknown => {
  if (typeof value !== 'string') return value
  if (/^(integer|long|short|byte|float|double)$/.test(shape.type))
    return value.trim() === '' || Number.isNaN(Number(value)) ? value : Number(value)
  if (shape.type === 'boolean') return value === 'true' ? true : value === 'false' ? false : value
  if (shape.type === 'blob') return Buffer.from(value, 'base64')
  return value
}
