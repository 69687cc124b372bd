import type { Sequence, Step } from './sequence.ts'

/** Which steps of the sequence remain, and which of their troubles: a text that gives the same sequence again. */
export const only = (sequence: Sequence, text: string): Sequence => {
  const steps = text.split(',').flatMap((part): Step[] => {
    const [, index, quiet] = /^(\d+)(-?)$/.exec(part) ?? []
    const step = sequence.steps[Number(index) - 1]
    if (!step) throw new Error(`--only ${text}: the sequence of seed ${sequence.seed} has steps 1 to ${sequence.steps.length}`)
    const { trouble: _, ...plain } = step
    return [quiet ? plain : step]
  })
  return { ...sequence, steps }
}

/**
 * The shortest sequence that still breaks: steps are left out as long as it does, then troubles.
 * @param breaks plays a sequence
 * @returns for `only`: `1,4-,5`; a `-` means without its trouble
 */
export const shrink = async (sequence: Sequence, breaks: (sequence: Sequence) => Promise<boolean>): Promise<string> => {
  let kept = sequence.steps.map((_, i) => String(i + 1))
  const tried = async (parts: readonly string[]): Promise<boolean> => {
    if (parts.length === 0 || !(await breaks(only(sequence, parts.join(','))))) return false
    kept = [...parts]
    return true
  }
  for (let i = kept.length - 1; i >= 0; i--) await tried(kept.filter((_, j) => j !== i))
  for (const part of [...kept])
    if (sequence.steps[Number(part) - 1]?.trouble) await tried(kept.map((p) => (p === part ? `${p}-` : p)))
  return kept.join(',')
}

/** What somebody would do by hand to see it: each command with what was done to it. */
export const told = ({ steps, config }: Sequence): string => {
  let before = ''
  const lines = steps.flatMap(({ config: text, args, desk, trouble, outside }) => {
    const changed =
      text === before
        ? []
        : [
            'infra.yaml:',
            ...text
              .trimEnd()
              .split('\n')
              .map((l) => `    ${l}`),
          ]
    before = text
    return [
      ...changed,
      ...(outside ? [`outside of infra: ${outside}`] : []),
      `${desk === 1 ? '(desk 2) ' : ''}infra ${args.join(' ')}${trouble ? `   # ${JSON.stringify(trouble)}` : ''}`,
    ]
  })
  return [
    ...lines,
    ...(config === before ? [] : ['infra.yaml:', config]),
    'infra create --yes; infra create --yes; infra drift; infra destroy',
  ].join('\n')
}
