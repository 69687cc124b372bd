import { closest } from './closest.ts'
import type { ConfigFile } from './config.ts'
import { OUTPUTS } from './outputs.ts'
import type { No, On } from './rule.ts'

/** `${...}` in a text. The length is bounded, or many that nobody closes would each be looked for to the end of the text. */
export const REFERENCE = /\$\{([^}]{0,300})\}/g

/** The parts of a text between and within `${...}`. */
export const referencesIn = (text: string): { name: string; known: boolean }[] =>
  [...text.matchAll(REFERENCE)].map(([, name = '']) => ({ name, known: OUTPUTS.has(name) }))

/** Rules about what texts of a container take from the stack. */
export const references = (c: ConfigFile, no: No): void => {
  const on: On = (step) => c.steps?.some((s) => s === step) ?? false
  for (const group of ['services', 'tasks'] as const)
    for (const [key, of] of Object.entries(c.ecs[group])) {
      check(['ecs', group, key, 'image'], of.image ?? '', c, on, no)
      for (const [variable, text] of Object.entries(of.environment))
        check(['ecs', group, key, 'environment', variable], text, c, on, no)
    }
}

const check = (path: (string | number)[], text: string, { loadBalancer: l }: ConfigFile, on: On, no: No): void => {
  for (const { name, known } of referencesIn(text)) {
    const step = OUTPUTS.get(name)?.step
    if (!known)
      no(
        path,
        text,
        `\${${name}} is not an output that infra knows, for example \${${closest(name, [...OUTPUTS.keys()]) ?? 'rds.endpoint'}}`,
      )
    else if (step && on('ecs') && !on(step))
      no(
        path,
        text,
        `\${${name}} comes from the step ${step}, which is not among steps: add it, or write the value, for example steps: [..., ${step}]`,
      )
    else if (name === 'loadBalancer.url' && on('ecs') && (l.certificateArn !== undefined || l.domain?.startsWith('*')))
      no(
        path,
        text,
        'the certificate is not made out to the name of the load balancer, and infra cannot tell the one that people type; write it, for example https://www.example.com',
      )
  }
}
