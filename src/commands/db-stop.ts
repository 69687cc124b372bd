export const stopCommand = async (_: unknown): Promise<number> => { throw new Error(String(_)) }
export const startCommand = async (_: unknown): Promise<number> => { throw new Error(String(_)) }
