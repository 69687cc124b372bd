export const dropCommand = async (_: unknown, __: unknown): Promise<number> => { throw new Error(String(_)) }
