/** What the engine tells the screen. Stable names: `--json` prints these as they are, one a line. */
export type Event =
  | {
      readonly type: 'resource.creating' | 'resource.updating' | 'resource.deleting'
      readonly key: string
      readonly title: string
      readonly name: string
      readonly why?: string
    }
  | {
      readonly type: 'resource.waiting'
      readonly key: string
      readonly status: string
      readonly elapsedMs: number
      readonly minutes: number
    }
  | {
      readonly type: 'resource.ready'
      readonly key: string
      readonly did: 'created' | 'updated' | 'found' | 'kept'
      readonly id: string
      readonly tookMs: number
      /** What AWS has accepted and makes later, in words. */
      readonly scheduled?: readonly string[]
    }
  | { readonly type: 'resource.gone'; readonly key: string; readonly tookMs: number; readonly leaves?: string }
  | { readonly type: 'resource.failed'; readonly key: string; readonly error: Error }
  | { readonly type: 'resource.blocked'; readonly key: string; readonly by: string }
  | { readonly type: 'note'; readonly text: string }

export type Report = (event: Event) => void
