import { expect, it } from 'vitest'
import { STEPS, type StepName } from '../../src/config/names.ts'
import { OUTPUTS } from '../../src/config/outputs.ts'
import { sections } from '../../src/config/sections/index.ts'
import { fixtureOf } from '../kinds/fixtures/index.ts'
import { stack } from '../steps/support/declare.ts'

const stepped = (sections as readonly { readonly key: string; readonly step?: StepName }[]).filter((s) => s.step !== undefined)
const WHOLE = `project: shop\nsteps: [${STEPS.join(', ')}]\necs: { services: { web: { port: 8000 } } }\n`

it('sections stand in the order in which their steps are built; only autoscaling has none, since it is set at each service', () => {
  expect(stepped.map((s) => s.step)).toEqual(STEPS.filter((step) => step !== 'autoscaling'))
})

it('a key of infra.yaml is the name of its step', () => {
  const kebab = (key: string): string => key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)
  expect(stepped.map((s) => kebab(s.key))).toEqual(stepped.map((s) => s.step))
})

it.each([...OUTPUTS].flatMap(([name, { step, of }]) => (of ? [{ name, step, of }] : [])))(
  '$name is an attribute of a resource that the step declares',
  ({ step, of }) => {
    const node = stack(WHOLE).get(of.key)
    expect(node?.step).toBe(step)
    expect(Object.keys(fixtureOf(node?.kind.type ?? '').attrs)).toContain(of.attr)
  },
)
