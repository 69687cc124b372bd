export const credentialsCommand = async (_: unknown): Promise<number> => { throw new Error(String(_)) }
