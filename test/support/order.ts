import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Folders whose files start processes and wait for them, those that take longest in front. */
const LONG = ['crash-real', 'e2e', 'cli/db', 'kinds/sql', 'crash', 'cli', 'sandbox', 'sql', 'state']

/** Long files first: in a fresh clone nobody has measured them yet, and one that begins at the end is waited for alone. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = (file: TestSpecification): number => {
      const at = LONG.findIndex((folder) => file.moduleId.includes(`/test/${folder}`))
      return at < 0 ? LONG.length : at
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}
