import type { Aws } from '../aws/clients.ts'
import type { Kind } from '../engine/kind.ts'

/** A kind of this house: it reaches AWS through {@link Aws}. */
export type AwsKind<P, A> = Kind<P, A, Aws>
