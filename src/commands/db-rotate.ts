export const rotateCommand = async (_: unknown): Promise<number> => { throw new Error(String(_)) }
