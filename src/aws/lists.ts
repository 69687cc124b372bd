type Answer = Readonly<Record<string, unknown>>

/**
 * All of a list of EC2. Today EC2 answers most lists at once, but it may cut any (docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html,
 * "Pagination"): what a caller does not see would be made a second time.
 * @param call sends the operation once
 */
export const allPages = async (
  operation: string,
  input: object,
  call: (operation: string, input: object) => Promise<unknown>,
): Promise<unknown> => {
  const first = (await call(operation, input)) as Answer | undefined
  if (!operation.startsWith('Describe') || 'MaxResults' in input) return first
  const all: Record<string, unknown> = { ...first }
  for (let next = first?.NextToken; typeof next === 'string' && next !== ''; ) {
    const page = (await call(operation, { ...input, NextToken: next })) as Answer
    for (const [field, value] of Object.entries(page)) {
      const before = all[field]
      all[field] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value
    }
    next = page.NextToken
  }
  delete all.NextToken
  return all
}
