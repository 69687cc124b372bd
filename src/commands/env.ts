export const envCommand = async (_: unknown): Promise<number> => { throw new Error(String(_)) }
