export const databaseTask = (_: unknown, __: unknown): never => { throw new Error(String(_)) }
