import { gunzipSync } from 'node:zlib'
import { parseXML } from '@aws-sdk/xml-builder'
import { cbor } from '@smithy/core/cbor'
import type { Model, Ref, Shape } from './model.ts'
import { header, typed, type Wire } from './request.ts'
import { fromQuery } from './wire-query.ts'
import { fromRest, restOperation } from './wire-rest.ts'

/** What a request asks for, by the names of the model. */
export interface Asked {
  readonly operation: string
  readonly input: unknown
}

/**
 * Reads a request back, whichever of AWS's protocols it is in.
 * @throws an error that says what could not be read
 */
export const read = (model: Model, wire: Wire): Asked => {
  const body = header(wire, 'content-encoding') === 'gzip' ? gunzipSync(wire.body) : wire.body
  const target = header(wire, 'x-amz-target')
  if (target !== '') {
    const operation = target.slice(target.lastIndexOf('.') + 1)
    return { operation, input: fromJson(model, inputShape(model, operation), parse(body)) }
  }
  if (/rpc-v2-cbor/.test(header(wire, 'smithy-protocol'))) {
    const operation = /\/operation\/([^/?]+)/.exec(wire.path)?.[1] ?? ''
    return { operation, input: body.length === 0 ? {} : cbor.deserialize(body) }
  }
  if (/^(query|ec2)$/.test(model.metadata.protocol)) {
    const form = new URLSearchParams(body.length > 0 ? body.toString('utf8') : wire.path.split('?')[1])
    const operation = form.get('Action') ?? ''
    return { operation, input: fromQuery(model, inputShape(model, operation), form) }
  }
  const operation = restOperation(model, wire)
  const shape = inputShape(model, operation)
  return { operation, input: shape ? fromRest(model, shape, operation, { ...wire, body }, { json: jsonBody, xml: xmlBody }) : {} }
}

const inputShape = (model: Model, operation: string): Shape | undefined => {
  const input = model.operations[operation]?.input
  return input === undefined ? undefined : model.shapes[input]
}

const parse = (body: Buffer): unknown => (body.length === 0 ? {} : JSON.parse(body.toString('utf8')))
const jsonBody = (model: Model, shape: Shape, body: Buffer): unknown => fromJson(model, shape, parse(body))
const xmlBody = (model: Model, shape: Shape, body: Buffer): unknown =>
  body.length === 0 ? undefined : fromXml(model, shape, Object.values(parseXML(body.toString('utf8')))[0])

/** Names of the wire become those of the model; what the model does not know keeps its own. */
const fromJson = (model: Model, shape: Shape | undefined, value: unknown, ref?: Ref): unknown => {
  if (!shape || shape.document || ref?.jsonvalue || typeof value !== 'object' || value === null) return value
  const of = (inner: Ref | undefined, given: unknown): unknown =>
    fromJson(model, inner && model.shapes[inner.shape], given, inner)
  if (Array.isArray(value)) return shape.type === 'list' ? value.map((entry) => of(shape.member, entry)) : value
  if (shape.type === 'map') return mapped(value, (key, inner) => [key, of(shape.value, inner)])
  const names = Object.entries(shape.members ?? {})
  return mapped(value, (key, inner) => {
    const [name, member] = names.find(([n, m]) => (m.locationName ?? n) === key) ?? [key, undefined]
    return [name, of(member, inner)]
  })
}

const mapped = (value: object, each: (key: string, inner: unknown) => [string, unknown]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).map(([key, inner]) => each(key, inner)))

/** The same of XML, where all is text and a list of one looks like its entry. */
const fromXml = (model: Model, shape: Shape | undefined, value: unknown): unknown => {
  if (!shape) return value
  const of = (ref: Ref | undefined, given: unknown): unknown => fromXml(model, ref && model.shapes[ref.shape], given)
  switch (shape.type) {
    case 'structure': {
      if (typeof value !== 'object' || value === null) return value === '' ? {} : value
      const names = Object.entries(shape.members ?? {})
      const own = Object.entries(value).filter(([key]) => key !== 'xmlns' && !key.startsWith('xmlns:'))
      return Object.fromEntries(
        own.map(([key, inner]) => {
          const [name, ref] = names.find(([n, m]) => xmlName(model, n, m) === key) ?? [key, undefined]
          const to = ref && model.shapes[ref.shape]
          const flat = to?.type === 'list' && (ref?.flattened || to.flattened)
          return [name, flat ? [inner].flat().map((entry) => of(to.member, entry)) : of(ref, inner)]
        }),
      )
    }
    case 'list': {
      const inner =
        typeof value === 'object' && value !== null ? Object.values(value).filter((v) => typeof v !== 'string' || v !== '') : []
      return inner.flat().map((entry) => of(shape.member, entry))
    }
    default:
      return typed(shape, value)
  }
}

const xmlName = (model: Model, name: string, ref: Ref): string => {
  const to = model.shapes[ref.shape]
  const flat = to?.type === 'list' && (ref.flattened || to.flattened)
  return (flat ? to.member?.locationName : undefined) ?? ref.locationName ?? name
}
