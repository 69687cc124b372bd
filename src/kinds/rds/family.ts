/** Steps name the parameter group family of a version. */
export { familyOf } from '../../aws/engine-versions.ts'
