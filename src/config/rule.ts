/** Says that what stands at a path breaks a rule: a half sentence that follows "<key> is <value>: ", with an example. */
export type No = (path: (string | number)[], input: unknown, message: string) => void
/** Whether `steps` names a step; false for all where it is not set. */
export type On = (step: string) => boolean
