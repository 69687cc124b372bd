import type { Aws } from '../../aws/clients.ts'
import { unlessGone } from '../../aws/trouble.ts'
import type { JsonObject } from '../../core/json.ts'

/** Policy documents by the name of the policy. */
export type Policies = Readonly<Record<string, JsonObject>>

/** All policies that stand in the role itself. A role that is gone has none. */
export const inlinePolicies = async (aws: Aws, RoleName: string): Promise<Policies> => {
  const names = await namesOf(aws, RoleName)
  const documents = await Promise.all(names.map((PolicyName) => unlessGone(aws.iam('GetRolePolicy', { RoleName, PolicyName }))))
  return Object.fromEntries(names.flatMap((name, i) => (documents[i] ? [[name, parsed(documents[i].PolicyDocument)]] : [])))
}

/** Writes what is wanted and takes away all else, as for managed policies. */
export const putInlinePolicies = async (aws: Aws, RoleName: string, want: Policies): Promise<void> => {
  const extra = (await namesOf(aws, RoleName)).filter((name) => !Object.hasOwn(want, name))
  await Promise.all(
    Object.entries(want).map(([PolicyName, document]) =>
      aws.iam('PutRolePolicy', { RoleName, PolicyName, PolicyDocument: JSON.stringify(document) }),
    ),
  )
  await Promise.all(extra.map((PolicyName) => dropInlinePolicy(aws, RoleName, PolicyName)))
}

/** IAM deletes no role that still has policies. */
export const dropInlinePolicies = async (aws: Aws, RoleName: string): Promise<void> => {
  for (const PolicyName of await namesOf(aws, RoleName)) await dropInlinePolicy(aws, RoleName, PolicyName)
}

const namesOf = async (aws: Aws, RoleName: string): Promise<string[]> => {
  const names: string[] = []
  for (let Marker: string | undefined, more = true; more; more = Marker !== undefined) {
    const page = await unlessGone(aws.iam('ListRolePolicies', { RoleName, ...(Marker ? { Marker } : {}) }))
    names.push(...(page?.PolicyNames ?? []))
    Marker = page?.IsTruncated ? page.Marker : undefined
  }
  return names
}

/** A lost answer makes the SDK ask again: then it is gone already, which must not be taken for the role being gone. */
export const dropInlinePolicy = (aws: Aws, RoleName: string, PolicyName: string): Promise<unknown> =>
  unlessGone(aws.iam('DeleteRolePolicy', { RoleName, PolicyName }))

/** IAM answers a document URL-encoded. One that cannot be read is some other document, which is all that counts. */
const parsed = (text = ''): JsonObject => {
  try {
    return JSON.parse(text.startsWith('%') ? decodeURIComponent(text) : text) as JsonObject
  } catch {
    return {}
  }
}
