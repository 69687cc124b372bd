/** Which call an error came from: the SDK's errors do not say. */
const failedCalls = new WeakMap<Error, string>()

/** Notes where an error came from. @param call `secretsManager.GetSecretValue` */
export const failedIn = (error: unknown, call: string): void => {
  if (error instanceof Error) failedCalls.set(error, call)
}

/** @returns `secretsManager.GetSecretValue`; undefined where nobody has noted it */
export const callOf = (error: unknown): string | undefined => (error instanceof Error ? failedCalls.get(error) : undefined)
