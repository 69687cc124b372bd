export const runCommand = async (_: unknown, __: unknown, ___: unknown): Promise<number> => {
  throw new Error(String(_))
}
