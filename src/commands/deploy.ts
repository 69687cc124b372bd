export const deployCommand = async (_: unknown, __: unknown): Promise<number> => { throw new Error(String(_)) }
