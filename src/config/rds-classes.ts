/**
 * Families of RDS instance classes, and the sizes of them, as AWS's CloudFormation schemas list them over all regions
 * (2026). What of them a region offers for a version is asked of RDS before anything is made.
 */
const FAMILIES = [
  ...[
    'm1',
    'm2',
    'm3',
    'm4',
    'm5',
    'm5d',
    'm6g',
    'm6gd',
    'm6i',
    'm6id',
    'm6idn',
    'm6in',
    'm7g',
    'm7i',
    'm8a',
    'm8g',
    'm8gd',
    'm8i',
  ],
  ...['r3', 'r4', 'r5', 'r5b', 'r5d', 'r6g', 'r6gd', 'r6i', 'r6id', 'r6idn', 'r6in', 'r7g', 'r7i', 'r8a', 'r8g', 'r8gd', 'r8i'],
  ...['t1', 't2', 't3', 't4g', 'x1', 'x1e', 'x2g', 'x2idn', 'x2iedn', 'x2iezn', 'z1d'],
]
const SIZES = /^(micro|small|medium|large|(|2|4|8|10|12|16|24|32|48)xlarge)$/

/** The form of a class: `db.t4g.micro`. */
export const CLASS_FORM = /^db\.([a-z0-9-]+)\.([a-z0-9]+)$/

/** Whether AWS has a class of that name. What has not even the form is told as that. */
export const isClass = (name: string): boolean => {
  const [is, family = '', size = ''] = CLASS_FORM.exec(name) ?? []
  return is === undefined || (FAMILIES.includes(family) && SIZES.test(size))
}
