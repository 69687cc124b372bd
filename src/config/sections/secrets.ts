import type { Kit } from '../kit.ts'
import type { No } from '../rule.ts'
import { type Own, of, section } from '../section.ts'

/** V06. AWS ends the ARN of a secret with a hyphen and six characters, so a name that does so too is read wrongly. */
const SECRET_NAME = /^(?!.*-[A-Za-z0-9]{6}$)[A-Za-z0-9/_+=.@-]{1,512}$/
const SECRET_NAME_RULE =
  'it must have 1 to 512 of A-Z a-z 0-9 / _ + = . @ - and must not end in a hyphen and six characters (AWS adds such an end itself)'

const DAYS = 'AWS keeps a deleted secret 7 to 30 days (0 deletes it at once), for example 30'

const secretSchema = ({ z, int, text }: Kit) => {
  const secretName = text(SECRET_NAME, `${SECRET_NAME_RULE}, for example rds/shop/master`)
  const length = int(8, 128, 'a generated value has 8 to 128 characters, for example { generate: 32 }')

  /** Where the first value of a secret's key comes from. Real secrets do not belong in this file. */
  const keySource = z.union(
    [
      z.strictObject({ generate: length, exclude: z.string().optional() }),
      z.strictObject({ placeholder: z.string() }),
      z.strictObject({ value: z.union([z.string(), z.number()]) }),
    ],
    {
      error: 'a key of a secret is { generate: length }, { placeholder: text } or { value: text }, for example { generate: 32 }',
    },
  )
  return z.strictObject({
    name: secretName.optional(),
    description: z.string().max(2048).optional(),
    keys: z
      .record(text(/^[\w.-]{1,128}$/, 'a key has 1 to 128 letters, digits, _ . -, for example api_key'), keySource)
      .default({}),
  })
}

const schema = (kit: Kit) => {
  const { z, int } = kit
  const secret = secretSchema(kit)
  const days = z.union([z.literal(0), int(7, 30, DAYS)], { error: DAYS })
  return z
    .object({
      namePattern: z
        .string({ error: 'it must be a text with {project}, {env}, {name}, for example {project}/{env}/{name}' })
        .includes('{name}', {
          error: 'it must contain {name}, or two secrets would share one name, for example {project}/{env}/{name}',
        })
        .default('{project}/{env}/{name}'),
      recoveryWindowDays: days.default(30),
      kmsKey: z.string().optional(),
      database: secret.default({ keys: {} }),
    })
    .catchall(secret)
    .prefault({})
}
export type Secrets = Own<typeof schema>
type SecretConfig = Own<typeof secretSchema>

export interface NamedSecret {
  /** Its name in the config. */
  readonly key: string
  /** Its name in Secrets Manager. */
  readonly name: string
  readonly description: string
  readonly keys: SecretConfig['keys']
}

interface Owner {
  readonly project: string
  readonly environment: string
}

/** The secrets themselves, without the keys that hold for all of them. */
export const secretsIn = ({
  namePattern: _n,
  recoveryWindowDays: _r,
  kmsKey: _k,
  ...all
}: Secrets): Record<string, SecretConfig> => all

/** What Secrets Manager calls it. */
export const secretName = (
  file: Owner & { readonly secrets: Pick<Secrets, 'namePattern'> },
  key: string,
  secret: SecretConfig,
): string =>
  secret.name ??
  file.secrets.namePattern.replaceAll('{project}', file.project).replaceAll('{env}', file.environment).replaceAll('{name}', key)

const defaults = (own: Secrets, all: Owner & { readonly application: string }) => {
  const { database, ...others } = secretsIn(own)
  const named = (key: string, secret: SecretConfig): NamedSecret => ({
    key,
    name: secretName({ ...all, secrets: own }, key, secret),
    description: secret.description ?? `${all.application} ${all.environment}: ${key}`,
    keys: secret.keys,
  })
  return {
    recoveryWindowDays: own.recoveryWindowDays,
    kmsKey: own.kmsKey,
    database: named('database', own.database),
    others: Object.entries(others).map(([key, secret]) => named(key, secret)),
  }
}

const SECRET_WORD = /pass(word)?|pwd|secret|token|credential|(api|private|access|signing|encryption)_?key/i

const named = (own: Secrets, c: Owner, no: No): void => {
  const all = secretsIn(own)
  const names = new Map<string, string>()
  for (const [key, secret] of Object.entries(all)) {
    for (const [field, source] of Object.entries(secret.keys))
      if ('value' in source && SECRET_WORD.test(field))
        no(
          ['secrets', key, 'keys', field],
          '(not shown)',
          'a secret does not belong in this file; use { generate: 32 }, or { placeholder: CHANGE_ME } and put the real one into Secrets Manager, for example { generate: 32 }',
        )
    const name = secretName({ ...c, secrets: own }, key, secret)
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

export const secrets = section('secrets', {
  step: 'secrets',
  schema,
  defaults,
  rules: [named],
  sample: () => `# secrets:
#   recoveryWindowDays: 30    # a deleted secret can be restored this long (7-30; 0: gone at once)
#   database:
#     keys:                   # besides the connection's own; values are made in AWS, never written here
#       api_key: { placeholder: CHANGE_ME }
#       session_secret: { generate: 50 }
`,
  outputs: {
    'secret.name': of('database-secret', 'name', {
      known: (c: { readonly secrets: { readonly database: NamedSecret } }) => c.secrets.database.name,
    }),
    'secret.arn': of('database-secret', 'arn'),
  },
})
