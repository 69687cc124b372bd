import type { No } from './rule.ts'
import { SECRET_NAME, SECRET_NAME_RULE } from './rules.ts'
import type { ConfigFile } from './schema.ts'
import { secretName } from './settle.ts'

/** Rules about names that are put together from several keys: AWS would refuse them in the middle of a run. */
export const checkNames = (c: ConfigFile, no: No): void => {
  prefix(c, no)
  tags(c, no)
  secrets(c, no)
  addresses(c, no)
}

const prefix = (c: ConfigFile, no: No): void => {
  const [key, value] = c.namePrefix === undefined ? ['project', c.project] : ['namePrefix', c.namePrefix]
  if (/^sg(-|$)/.test(value)) no([key], value, 'EC2 takes no security group whose name begins with sg-, for example shop')
}

const OWN_TAGS = ['Name', 'Environment', 'Application', 'ManagedBy', 'Purpose', 'Type']

/** IAM does not tell tag keys apart by upper and lower case. */
const tags = (c: ConfigFile, no: No): void => {
  const keys = Object.keys(c.tags)
  for (const [i, key] of keys.entries()) {
    const twin = [...OWN_TAGS, ...keys.slice(0, i)].find((k) => k !== key && k.toLowerCase() === key.toLowerCase())
    if (twin)
      no(
        ['tags', key],
        c.tags[key],
        `it differs from the tag ${twin} only in upper and lower case, which IAM refuses, for example ${twin}`,
      )
  }
}

const SECRET_WORD = /pass(word)?|pwd|secret|token|credential|(api|private|access|signing|encryption)_?key/i

const secrets = (c: ConfigFile, no: No): void => {
  const { namePattern: _n, recoveryWindowDays: _r, kmsKey: _k, ...all } = c.secrets
  const names = new Map<string, string>()
  for (const [key, secret] of Object.entries(all)) {
    for (const [field, source] of Object.entries(secret.keys))
      if ('value' in source && SECRET_WORD.test(field))
        no(
          ['secrets', key, 'keys', field],
          '(not shown)',
          'a secret does not belong in this file; use { generate: 32 }, or { placeholder: CHANGE_ME } and put the real one into Secrets Manager, for example { generate: 32 }',
        )
    const name = secretName(c, key, secret)
    // A name that is wrong because the project is has been told as that.
    const good = /^[a-z0-9-]+$/.test(c.project + c.environment)
    if (secret.name === undefined && good && !SECRET_NAME.test(name))
      no(
        ['secrets', key, 'name'],
        name,
        `${SECRET_NAME_RULE}; set secrets.${key}.name, for example ${c.project}/${c.environment}/app`,
      )
    const twin = names.get(name)
    if (twin !== undefined) no(['secrets', key, 'name'], name, `secrets.${twin} has this name already, for example ${name}-2`)
    names.set(name, key)
  }
}

/** A resource has the address in its key, where only letters and digits differ. */
const addresses = ({ monitoring: { email, emails = [] } }: ConfigFile, no: No): void => {
  const plain = (address: string): string => address.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  const all = email === undefined ? emails : [email, ...emails]
  for (const [i, address] of emails.entries()) {
    const twin = all.find((a) => a.toLowerCase() !== address.toLowerCase() && plain(a) === plain(address))
    if (twin !== undefined && all.indexOf(twin) < all.indexOf(address))
      no(
        ['monitoring', 'emails', i],
        address,
        `it differs from ${twin} only in punctuation, and infra could not tell them apart, for example ops@example.com`,
      )
  }
}
