export const logsCommand = async (_: unknown, __: unknown): Promise<number> => { throw new Error(String(_)) }
