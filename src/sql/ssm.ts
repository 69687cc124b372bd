export const ssmWay = (_: unknown): never => { throw new Error(String(_)) }
