/**
 * Whether a resource is encrypted with the key that is wanted. AWS answers a key's ARN; what is wanted may be that, the id in it, or an
 * alias, which only KMS itself could resolve: that is not compared.
 */
export const keyProp = (is: string | undefined, want: string | undefined): { kmsKey?: string } => {
  if (is === undefined || want === undefined || /(^|:)alias\//.test(want)) return {}
  return { kmsKey: is === want || is.endsWith(`key/${want}`) ? want : is }
}
