export const snapshotCommand = async (_: unknown, __: unknown): Promise<number> => { throw new Error(String(_)) }
export const snapshotsCommand = async (_: unknown): Promise<number> => { throw new Error(String(_)) }
