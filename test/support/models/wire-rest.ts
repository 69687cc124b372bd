import type { Model, Ref, Shape } from './model.ts'
import { header, typed, type Wire } from './request.ts'

interface Bodies {
  readonly json: (model: Model, shape: Shape, body: Buffer) => unknown
  readonly xml: (model: Model, shape: Shape, body: Buffer) => unknown
}

/** Of S3, the bucket may be in the host's name instead of the path. */
const addressOf = (model: Model, wire: Wire): { path: string; query: URLSearchParams } => {
  const [path = '/', query = ''] = wire.path.split('?')
  const bucket =
    model.metadata.serviceId === 'S3' ? /^(.+?)\.(?:s3[.-]|localhost|127\.)/.exec(header(wire, 'host'))?.[1] : undefined
  return { path: bucket === undefined ? path : `/${bucket}${path}`, query: new URLSearchParams(query) }
}

/** `/{Bucket}/{Key+}?uploads` as an expression and what the query has to hold. */
const patternOf = (requestUri: string): { path: RegExp; fixed: [string, string][]; labels: string[] } => {
  const [path = '', query = ''] = requestUri.split('?')
  const labels: string[] = []
  const text = path.replace(/\{(\w+)(\+?)\}|[^{]+/g, (part: string, name: string | undefined, greedy: string) => {
    if (name === undefined) return part.replace(/[.*+?^$()[\]|\\]/g, '\\$&')
    labels.push(name)
    return greedy === '+' ? '(.+)' : '([^/]+)'
  })
  return { path: new RegExp(`^${text}/?$`), fixed: [...new URLSearchParams(query)], labels }
}

/** The operation whose address a request has: of several the one that asks for most. */
export const restOperation = (model: Model, wire: Wire): string => {
  const { path, query } = addressOf(model, wire)
  const named = query.get('x-id')
  if (named !== null && model.operations[named]) return named
  const fits = Object.entries(model.operations).flatMap(([name, { http, input }]) => {
    if (http.method !== wire.method) return []
    const pattern = patternOf(http.requestUri)
    if (!pattern.path.test(path) || pattern.fixed.some(([key, value]) => query.get(key) !== value)) return []
    const needed = Object.entries((input && model.shapes[input]?.members) || {}).filter(([member]) =>
      (input ? model.shapes[input]?.required : undefined)?.includes(member),
    )
    const there = (ref: Ref, member: string): boolean =>
      ref.location === 'querystring'
        ? query.has(ref.locationName ?? member)
        : ref.location !== 'header' || header(wire, (ref.locationName ?? member).toLowerCase()) !== ''
    const missing = needed.filter(([member, ref]) => !there(ref, member)).length
    const given = needed.filter(([, ref]) => ref.location === 'querystring' || ref.location === 'header').length - missing
    return [{ name, weight: pattern.fixed.length * 100 + pattern.path.source.length + given * 10 - missing * 1000 }]
  })
  const best = fits.sort((a, b) => b.weight - a.weight)[0]
  if (!best)
    throw new Error(`no operation of ${model.metadata.serviceId} has the address ${wire.method} ${wire.path.split('?')[0]}`)
  return best.name
}

/** The input of a REST operation, from its address, headers and body. */
export const fromRest = (model: Model, shape: Shape, operation: string, wire: Wire, bodies: Bodies): unknown => {
  const { path, query } = addressOf(model, wire)
  const { http } = model.operations[operation] ?? { http: { requestUri: '' } }
  const pattern = patternOf(http.requestUri)
  const parts = pattern.path.exec(path)?.slice(1) ?? []
  const labels = Object.fromEntries(pattern.labels.map((label, n) => [label, decodeURIComponent(parts[n] ?? '')]))
  const members = Object.entries(shape.members ?? {})
  const read: Record<string, unknown> = {}
  const used = new Set(['x-id', ...pattern.fixed.map(([key]) => key)])
  for (const [member, ref] of members) {
    const name = ref.locationName ?? member
    const to = model.shapes[ref.shape]
    if (!to) continue
    if (ref.location === 'uri') read[member] = typed(to, labels[name])
    else if (ref.location === 'querystring') {
      used.add(name)
      if (query.has(name)) read[member] = to.type === 'list' ? query.getAll(name) : typed(to, query.get(name))
    } else if (ref.location === 'header') {
      const value = header(wire, name.toLowerCase())
      if (value !== '') read[member] = to.type === 'list' ? value.split(/,\s*/) : typed(to, value)
    } else if (ref.location === 'headers') {
      const prefix = name.toLowerCase()
      const own = Object.entries(wire.headers).filter(([key]) => key.startsWith(prefix))
      if (own.length > 0) read[member] = Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), String(value)]))
    }
  }
  for (const key of query.keys()) if (!used.has(key) && !/^X-Amz-/i.test(key)) read[key] = query.get(key)
  const decode = model.metadata.protocol === 'rest-xml' ? bodies.xml : bodies.json
  const payload = shape.payload === undefined ? undefined : shape.members?.[shape.payload]
  const whole = payload && model.shapes[payload.shape]
  if (whole && shape.payload !== undefined) {
    const value =
      whole.type === 'structure'
        ? decode(model, whole, wire.body)
        : whole.type === 'blob'
          ? wire.body
          : wire.body.toString('utf8')
    if (wire.body.length > 0) read[shape.payload] = value
    return read
  }
  const inBody = Object.fromEntries(members.filter(([, ref]) => ref.location === undefined))
  const rest = Object.keys(inBody).length > 0 ? decode(model, { ...shape, members: inBody }, wire.body) : undefined
  return { ...read, ...(rest as object | undefined) }
}
