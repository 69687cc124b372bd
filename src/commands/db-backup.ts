export const backupCommand = async (_: unknown, __: unknown): Promise<number> => { throw new Error(String(_)) }
export const loadCommand = async (_: unknown, __: unknown, ___: unknown): Promise<number> => { throw new Error(String(_)) }
