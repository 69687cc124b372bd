/** Fields of requests that hold what nobody may read. */
const FIELDS = ['SecretString', 'MasterUserPassword'] as const

/** Shorter ones are ports and the like; to blot them out of a message would only make it unreadable. */
const SHORTEST = 6

const stringsIn = (text: string): string[] => {
  try {
    const value: unknown = JSON.parse(text)
    return value !== null && typeof value === 'object' ? Object.values(value).filter((v) => typeof v === 'string') : []
  } catch {
    return []
  }
}

/** Every form in which it can stand in a message: as it is, in JSON, in JSON within JSON, in a form. */
const formsOf = (secret: string): string[] => {
  const inJson = JSON.stringify(secret).slice(1, -1)
  return [
    secret,
    inJson,
    JSON.stringify(inJson).slice(1, -1),
    encodeURIComponent(secret),
    new URLSearchParams({ s: secret }).toString().slice(2),
  ]
}

/**
 * AWS, a proxy or a firewall may quote a request in its error, and JavaScript quotes the text that is no JSON. Takes what is secret
 * out of an error's words before anybody sees them. Changes the error itself, so that its type and its place stay.
 */
export const withoutSecrets = (error: unknown, service: string, input: object): void => {
  if (!(error instanceof Error)) return
  const sent = FIELDS.flatMap((field) => (input as Readonly<Record<string, unknown>>)[field] ?? []).filter(
    (v) => typeof v === 'string',
  )
  const secrets = sent.flatMap((text) => [text, ...stringsIn(text)]).filter((text) => text.length >= SHORTEST)
  const forms = [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length)
  const clean = (text: string): string => forms.reduce((rest, form) => rest.replaceAll(form, '[secret]'), text)
  const unreadable = service === 'secretsManager' && error instanceof SyntaxError
  const message = unreadable ? 'the answer of Secrets Manager could not be read' : clean(error.message)
  const stack = unreadable ? `${error.name}: ${message}` : clean(error.stack ?? '')
  if (message !== error.message) error.message = message
  if (stack !== error.stack) error.stack = stack
  for (const inner of [error.cause, (error as { lost?: unknown }).lost]) withoutSecrets(inner, service, input)
}
