declare module 'proxy-from-env' {
  /** The proxy for this address by HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY (in either case); an empty text: none. */
  export const getProxyForUrl: (url: string) => string
}
