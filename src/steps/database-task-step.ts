/** The step of what a container in the database's network needs. It is no step of the stack: made for a run, removed after it. */
export const TASK_STEP = 'databases-task'
