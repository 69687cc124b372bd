import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { monthOf } from '../../src/commands/init/month.ts'
import { template } from '../../src/commands/init/template.ts'
import { setKeys } from '../../src/config/edit.ts'
import { InfraError } from '../../src/core/errors.ts'
import { round } from '../../src/engine/plan.ts'
import { read } from './support/read.ts'

const answers = {
  preset: 'startupwebapp',
  project: 'startupwebapp',
  environment: 'production',
  region: 'us-east-1',
  email: undefined,
}
const file = template(answers)
/** The lines that differ, as `- old` and `+ new`. */
const diff = (before: string, after: string): string[] => {
  const [a, b] = [before.split('\n'), after.split('\n')]
  return [...a.filter((l) => !b.includes(l)).map((l) => `- ${l}`), ...b.filter((l) => !a.includes(l)).map((l) => `+ ${l}`)]
}

describe('setting keys in a file', () => {
  it('changes the lines of these keys and no other', () => {
    expect(diff(file, setKeys(file, [[['vpc', 'nat'], 'none']]))).toEqual(['+   nat: none'])
    expect(diff(file, setKeys(file, [[['vpc', 'azCount'], 3]]))).toEqual([
      '-   azCount: 2                  # availability zones: one public and one private subnet in each',
      '+   azCount: 3                  # availability zones: one public and one private subnet in each',
    ])
    expect(diff(file, setKeys(file, [[['rds', 'port'], 5433]]))).toEqual(['+ rds:', '+   port: 5433'])
    expect(diff(file, setKeys(file, [[['monitoring', 'alarms', 'memory', 'threshold'], 5]]))).toEqual([
      '+     memory:',
      '+       threshold: 5',
    ])
    expect(diff(file, setKeys(file, [[['region'], 'eu-west-1']]))).toEqual(['- region: us-east-1', '+ region: eu-west-1'])
  })

  it('every comment stays, whatever is set', () => {
    const comments = (text: string): string[] => text.split('\n').flatMap((l) => /#.*/.exec(l)?.[0] ?? [])
    const keys = [
      ['vpc', 'nat'],
      ['vpc', 'cidr'],
      ['rds', 'multiAz'],
      ['monitoring', 'email'],
      ['tags', 'Team'],
      ['a', 'b', 'c'],
      ['project'],
    ]
    fc.assert(
      fc.property(
        fc.shuffledSubarray(keys),
        fc.array(fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant('a: b # c')), { minLength: 7, maxLength: 7 }),
        (paths, values) => {
          const settings = paths.map((path, i) => [path, values[i] ?? 0] as const)
          const text = setKeys(file, settings)
          const doc = parseDocument(text)
          expect(doc.errors).toEqual([])
          for (const [path, value] of settings) expect(doc.getIn(path)).toEqual(value)
          for (const comment of comments(file)) expect(text).toContain(comment)
        },
      ),
    )
  })

  it('works in groups that are empty, inline, or hold nothing but comments', () => {
    const nat = (text: string): string => setKeys(text, [[['vpc', 'nat'], 'single']])
    for (const text of [
      '',
      '# only this\n',
      'vpc:\n',
      'vpc:\n  # nat: none\nregion: us-east-1\n',
      'vpc: {}\n',
      'vpc: { cidr: 10.0.0.0/16 } # c\n',
      'a: &x { b: 1 }',
      'vpc:\n    cidr: 10.0.0.0/16 # end',
      '\r\nvpc:\r\n  cidr: 10.0.0.0/16\r\n',
    ]) {
      const after = nat(text)
      expect(parseDocument(after).getIn(['vpc', 'nat']), text).toBe('single')
      for (const comment of text.match(/#.*/g) ?? []) expect(after).toContain(comment)
    }
  })

  it('a version stays a text', () => {
    expect(read(setKeys('project: shop\n', [[['rds', 'version'], '16.10']])).rds.version).toBe('16.10')
  })

  it.each(['vpc: 5', 'vpc: [1]', 'a: &x { b: 1 }\nvpc: *x'])('%j has no place for it', (text) => {
    expect(() => setKeys(text, [[['vpc', 'nat'], 'none']])).toThrow(InfraError)
  })
})

describe('the template of init', () => {
  it.each([
    ['the preset as it is', {}, 125.73, 'single'],
    ['its tasks in public subnets', { publicTasks: true }, 96.53, 'none'],
    ['the database alone', { databaseOnly: true }, 29.06, undefined],
  ])('%s', (_, variant, month, nat) => {
    const config = read(template({ ...answers, ...variant }))
    expect([round(monthOf(config).usd), config.vpc.nat]).toEqual([month, nat])
    expect(config.steps.includes('ecs')).toBe(month > 30)
  })

  it('is a good config, with and without a preset, and says in comments what is true', () => {
    for (const a of [answers, { ...answers, preset: undefined, project: 'shop', environment: 'dev', email: 'a@b.co' }]) {
      const text = template(a)
      expect(read(text)).toMatchObject({ project: a.project, environment: a.environment, region: a.region })
      // Each commented key, made a key, is taken, and changes nothing: it is the default that it claims to be.
      const open = text.replace(/^# (\w+:)/gm, '$1').replace(/^#( {2,}\w[\w ]*:)/gm, '$1')
      const { tags: _, secrets: __, monitoring: ___, vpc, ...rest } = read(open.replace(/^environments:[\s\S]*/m, ''))
      const { tags: _t, secrets: _s, monitoring: _m, vpc: vpcBefore, ...before } = read(text)
      const differing = Object.entries(rest.rds).filter(
        ([k, v]) => JSON.stringify(v) !== JSON.stringify(before.rds[k as keyof typeof before.rds]),
      )
      expect(differing.map(([k]) => k).filter((k) => !(k === 'deletionProtection' && a.environment === 'dev'))).toEqual([])
      // What runs in containers is an example, not a default: it must be good, and begins only once it is opened.
      const alike = { rds: 0, steps: 0, loadBalancer: 0, ecs: 0 }
      expect({ ...rest, ...alike }).toEqual({ ...before, ...alike })
      expect(rest.steps).toContain('ecs')
      expect(rest.ecs.services).toHaveProperty('web')
      expect(vpc.cidr).toBe(vpcBefore.cidr)
    }
  })
})
