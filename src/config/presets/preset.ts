import type { JsonObject } from '../../core/json.ts'

export interface Identity {
  readonly project: string
  readonly environment: string
  readonly application: string
  readonly superuserEmail: string
  /** As they are written; undefined: those of the preset. */
  readonly steps: readonly unknown[] | undefined
}

export interface Preset {
  /** What it proposes where infra.yaml has no other. */
  readonly proposes: { readonly project: string; readonly environment: string; readonly application: string }
  /** What it sets, below infra.yaml. */
  readonly config: (of: Identity) => JsonObject
}
