import type { Kit } from '../kit.ts'
import { type Own, of, section } from '../section.ts'

const schema = ({ z, flag, int, oneOf, text }: Kit) =>
  z
    .strictObject({
      name: text(
        /^(?=.{2,256}$)[a-z0-9]+([._/-][a-z0-9]+)*$/,
        'it must have 2 to 256 lower-case letters and digits with single . _ - or / between, for example shop-backend',
      ).optional(),
      keepImages: int(1, 1000, 'it must be 1 to 1000 images, for example 10').default(10),
      scanOnPush: flag('registry.scanOnPush').default(true),
      mutability: oneOf(['MUTABLE', 'IMMUTABLE']).default('MUTABLE'),
    })
    .prefault({})

/** Where images are kept. */
export const registry = section('registry', {
  step: 'registry',
  schema,
  defaults: (own: Own<typeof schema>, { namePrefix }: { readonly namePrefix: string }) => ({
    ...own,
    name: own.name ?? `${namePrefix}-app`,
  }),
  outputs: { 'registry.uri': of('registry', 'uri', { variable: 'REGISTRY_URI' }) },
})
