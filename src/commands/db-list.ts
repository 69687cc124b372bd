export const listCommand = async (_: unknown): Promise<number> => { throw new Error(String(_)) }
