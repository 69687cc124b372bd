import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Folders whose files start processes and wait for them, those that take longest in front. */
const LONG = ['crash-real', 'e2e', 'cli/db', 'crash', 'cli', 'sandbox', 'database', 'state']

/**
 * Long files first: in a fresh clone nobody has measured them yet, and one that begins at the end is waited for alone. The
 * files of a project stay together, in the order of the config: a worker ends as soon as the next file in the queue belongs to another
 * project, and a new worker loads Vitest and the SDK anew.
 */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = (file: TestSpecification): number => {
      const at = LONG.findIndex((folder) => file.moduleId.includes(`/test/${folder}`))
      return at < 0 ? LONG.length : at
    }
    const sorted = (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
    return this.ctx.projects.flatMap((project) => sorted.filter((file) => file.project === project))
  }
}
