import * as z from 'zod'
import { parseCidr } from './cidr.ts'

// Each rule is one half sentence that follows "<key> is <value>: ", with an example. The numbers V.. are those of docs/validation.md.

const text = (pattern: RegExp, rule: string) => z.string({ error: rule }).regex(pattern, { error: rule })
const int = (min: number, max: number, rule: string) =>
  z.number({ error: rule }).int({ error: rule }).min(min, { error: rule }).max(max, { error: rule })
const flag = (key: string) => z.boolean({ error: `it must be true or false, for example ${key}: true` })
const oneOf = <const T extends readonly string[]>(values: T) =>
  z.enum(values, { error: `it must be one of ${values.join(', ')}, for example ${values[0]}` })
/** YAML reads an unquoted version as a number. */
const version = (rule: string) =>
  z.preprocess(
    (v) => (typeof v === 'number' ? String(v) : v),
    z.string({ error: rule }).regex(/^\d+(\.\d+){0,2}$/, { error: rule }),
  )

const cidr = (min: number, max: number, rule: string) =>
  z.string({ error: rule }).refine((v) => {
    const block = parseCidr(v)
    return block !== undefined && block.bits >= min && block.bits <= max
  }, rule)

export const email = z
  .string({ error: 'it must be an e-mail address, for example ops@example.com' })
  .regex(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, { error: 'it must be an e-mail address, for example ops@example.com' })

const seconds = (min: number, max: number, example: number) =>
  int(min, max, `it must be ${min} to ${max} seconds, for example ${example}`)
const percent = (min: number, max: number, example: number) =>
  int(min, max, `it must be ${min} to ${max} percent, for example ${example}`)

/** ACM: 64 for the first name, 253 for more of them; a host of a rule has 128. */
const domain = (max: number) =>
  text(
    new RegExp(`^(?=.{1,${max}}$)(\\*\\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$`),
    `it must be a domain name of at most ${max} characters in lower case, with *. in front for all below it, for example *.example.com`,
  )

/** What the schemas of sections are written with. */
export const kit = { z, text, int, flag, oneOf, version, cidr, email, seconds, percent, domain }
/** It is handed in and never imported by a section, so that the rest of one (its outputs, its types) can be had without loading zod. */
export type Kit = typeof kit
