export const tunnelCommand = async (_: unknown): Promise<number> => { throw new Error(String(_)) }
