import { describe, expect, it } from 'vitest'
import { at, read, refusal } from './support/read.ts'
import { BALANCER_RULES } from './support/rules-balancer.ts'
import { CONTAINER_RULES } from './support/rules-containers.ts'
import { DATABASE_RULES } from './support/rules-database.ts'
import { INSIDE_RULES } from './support/rules-inside.ts'
import { NETWORK_RULES } from './support/rules-network.ts'
import { REGISTRY_RULES } from './support/rules-registry.ts'
import { SERVICE_RULES } from './support/rules-service.ts'
import { TRAFFIC_RULES } from './support/rules-traffic.ts'
import { VARIABLE_RULES } from './support/rules-variables.ts'

const OF_CONTAINERS = [...REGISTRY_RULES, ...CONTAINER_RULES, ...VARIABLE_RULES, ...SERVICE_RULES]
const OF_BALANCER = [...BALANCER_RULES, ...TRAFFIC_RULES]

describe.each([...NETWORK_RULES, ...DATABASE_RULES, ...INSIDE_RULES, ...OF_CONTAINERS, ...OF_BALANCER])(
  '$rule: $key',
  ({ key, good, bad, says, example, with: rest }) => {
    it.each(good.map((value) => ({ value })))('takes $value', ({ value }) => {
      expect(() => read(at(key, value, rest))).not.toThrow()
    })

    it.each(bad.map((value) => ({ value })))('refuses $value: key, value, rule and example', ({ value }) => {
      const { what, why = '' } = refusal(at(key, value, rest))
      const sentence = [what, ...why.split('\n')].find((line) => line.includes(`${key} is `)) ?? what
      expect(sentence).toContain(says)
      expect(sentence).toContain(example)
      const written = Array.isArray(value) || typeof value === 'object' ? JSON.stringify(value) : String(value)
      expect(sentence.replaceAll('"', '')).toContain(written.replaceAll('"', ''))
    })
  },
)

it('provisioned storage needs its number of IOPS', () => {
  expect(() => read(at('rds.storageType', 'io2'))).toThrow('rds.iops is missing: rds.storageType io2 needs the number of IOPS')
})
