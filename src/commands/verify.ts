export const verifyServiceCommand = async (_: unknown, __: unknown): Promise<number> => {
  throw new Error(String(_))
}
