// Only what is used: the bundle carries the schemas of these operations and no others.
export { GetProductsCommand, PricingClient as Client } from '@aws-sdk/client-pricing'
