export const scaleCommand = async (_: unknown, __: unknown, ___: unknown): Promise<number> => {
  throw new Error(String(_))
}
