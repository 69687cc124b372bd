export const parseResult = (_: unknown): never => { throw new Error(String(_)) }
export const sqlFile = (_: unknown): string => String(_)
export const writeSqlFile = async (_: unknown, __: unknown): Promise<void> => { throw new Error(String(_)) }
export const instructions = (_: unknown): string[] => [String(_)]
