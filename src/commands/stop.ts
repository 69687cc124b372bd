export const stopAllCommand = async (_: unknown): Promise<number> => {
  throw new Error(String(_))
}
export const startAllCommand = async (_: unknown): Promise<number> => {
  throw new Error(String(_))
}
