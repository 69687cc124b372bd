import { describe, expect, it } from 'vitest'
import { LOG_RULES } from '../../../src/ecs/reasons/log.ts'
import { START_RULES } from '../../../src/ecs/reasons/start.ts'
import { RULES } from '../../../src/ecs/reasons/table.ts'
import { commandLine, spoken } from '../../../src/session/globals.ts'

const G = { sandbox: true, env: 'staging' }
const FLAGS = '--env staging --sandbox'

describe('a command in a sentence', () => {
  it.each([
    ['infra create ecs puts the role right', `infra create ecs ${FLAGS} puts the role right`],
    ['Fix it, then: infra create security-groups', `Fix it, then: infra create security-groups ${FLAGS}`],
    ['infra create', `infra create ${FLAGS}`],
    ['infra db add <name> makes one', `infra db add <name> ${FLAGS} makes one`],
    ['Take it: infra deploy --set-env <K=V>', `Take it: infra deploy web ${FLAGS} --set-env <K=V>`],
    ['Its last lines say why: infra logs; or more memory', `Its last lines say why: infra logs web ${FLAGS}; or more memory`],
    ['infra scale <service> <fewer>', `infra scale web ${FLAGS} <fewer>`],
    [
      'infra run -- <command>, then: infra deploy --force',
      `infra run web ${FLAGS} -- <command>, then: infra deploy web ${FLAGS} --force`,
    ],
    ['infra create ecs && infra deploy web --force', `infra create ecs ${FLAGS} && infra deploy web --force`],
    ['infra is a word, infra.yaml a file', 'infra is a word, infra.yaml a file'],
  ])('%s', (text, expected) => {
    expect(spoken(G, text, 'web')).toBe(expected)
  })

  it('has its flags already: it stays', () => {
    const line = commandLine(G, 'deploy web --force')
    expect(spoken(G, `then: ${line}, or ${commandLine(G, 'create ecs')}`, 'web')).toBe(
      `then: ${line}, or infra create ecs ${FLAGS}`,
    )
    const other = commandLine(G, 'deploy --cluster <name> --service <name>')
    expect(spoken(G, `Name a service that is there: ${other}`, '--cluster c --service s')).toBe(
      `Name a service that is there: ${other}`,
    )
  })

  it('a command of somebody else comes last', () => {
    expect(commandLine(G, 'run web -- sh -c x')).toBe(`infra run web ${FLAGS} -- sh -c x`)
  })

  const rules = [...RULES, ...START_RULES, ...LOG_RULES].flatMap((r) => [r.next, r.elsewhere])
  it.each([...new Set(rules)].filter((text) => /\binfra [a-z]/.test(text)))(
    'no fix of a failed task leads out of the sandbox: %s',
    (text) => {
      const said = spoken({ sandbox: true }, text, '--cluster c --service s')
      for (const part of said.split(/\binfra (?=[a-z])/).slice(1)) expect(part, said).toContain('--sandbox')
    },
  )
})
