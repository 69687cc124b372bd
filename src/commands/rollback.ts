export const rollbackCommand = async (_: unknown, __: unknown): Promise<number> => { throw new Error(String(_)) }
