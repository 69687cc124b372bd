import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/core/json.ts'
import type { Draft } from '../../src/state/store.ts'
import { memoryState } from '../support/state.ts'
import { row } from './bundle.ts'

const add = (key: string, draft: Draft): void => {
  draft.services = { ...draft.services, [key]: { awaitsImage: true } }
  draft.resources[key] = row({ name: key })
}

describe('a transaction', () => {
  it('is whole in every text that is written, whatever comes while it is', async () => {
    const { state, written } = await memoryState()
    await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        for (let n = 0; n < i % 7; n++) await new Promise((r) => setImmediate(r))
        await state.update((draft) => {
          add(`k${i}`, draft)
        })
        // It resolves once it is there.
        expect(written().at(-1)?.resources).toHaveProperty(`k${i}`)
      }),
    )
    expect(written().length).toBeGreaterThan(2)
    for (const { services, resources } of written()) expect(Object.keys(services).sort()).toEqual(Object.keys(resources).sort())
  })

  it('cannot wait between two changes: the types refuse it, and so does the state, with nothing written', async () => {
    const { state, texts } = await memoryState()
    // @ts-expect-error a promise is not undefined
    const waiting = state.update(async (draft) => {
      add('first', draft)
      await new Promise((r) => setImmediate(r))
      add('second', draft)
    })
    await expect(waiting).rejects.toThrow('A transaction must not wait')
    await state.put('third', row())
    expect(texts).toHaveLength(1)
    expect(texts[0]).not.toMatch(/first|second/)
  })

  it('is closed when it ends: a change that comes later throws', async () => {
    const { state } = await memoryState()
    let kept: Draft | undefined
    await state.update((draft) => {
      add('first', draft)
      kept = draft
    })
    const late = kept as unknown as Draft
    expect(() => {
      late.services = {}
    }).toThrow(TypeError)
    expect(() => {
      late.resources.late = row()
    }).toThrow(TypeError)
    expect([...state.all().keys()]).toEqual(['first'])
  })

  it('that throws changes nothing', async () => {
    const { state, texts } = await memoryState()
    const failing = state.update((draft) => {
      add('first', draft)
      throw new Error('in the middle')
    })
    await expect(failing).rejects.toThrow('in the middle')
    expect([state.all().size, state.services, texts]).toEqual([0, {}, []])
    await state.put('next', row())
    expect(texts[0]).not.toContain('first')
  })

  it('with a secret in it changes nothing, neither rows nor what is remembered', async () => {
    const { state, texts } = await memoryState()
    const leaking = state.update((draft) => {
      add('first', draft)
      draft.resources.leaky = row({ want: { password: new Secret('hush') as unknown as string } })
    })
    await expect(leaking).rejects.toThrow('a secret was about to be written out')
    expect([state.all().size, state.services, texts]).toEqual([0, {}, []])
  })

  it('within a transaction is refused: the outer one would undo it', async () => {
    const { state } = await memoryState()
    let inner: Promise<void> | undefined
    await state.update((draft) => {
      add('outer', draft)
      inner = state.put('inner', row())
      inner.catch(() => {})
    })
    await expect(inner).rejects.toThrow('within a transaction')
    expect([...state.all().keys()]).toEqual(['outer'])
  })

  it('that changes nothing writes nothing, and resolves when what came before is there', async () => {
    const { state, backend, texts } = await memoryState()
    const { write } = backend
    const writing = new Promise<void>((begun) => {
      backend.write = (...args) => {
        begun()
        return write(...args)
      }
    })
    await state.update(() => {})
    expect(texts).toEqual([])
    const before = state.put('a', row())
    const nothing = state.update(() => {}).then(() => texts.length)
    await writing
    const behind = state.put('b', row())
    const again = state.update(() => {}).then(() => texts.length)
    expect([await nothing, await again]).toEqual([1, 2])
    await Promise.all([before, behind])
  })

  it('that changes nothing after a failed write writes what that one held', async () => {
    const { state, backend, written } = await memoryState()
    const { write } = backend
    backend.write = async () => {
      throw new Error('no space')
    }
    await expect(state.put('a', row())).rejects.toThrow('no space')
    backend.write = write
    await state.update(() => {})
    expect(written().map((s) => Object.keys(s.resources))).toEqual([['a']])
  })

  it('writes a row that says the same: a run that has lost its lock learns of it by that', async () => {
    const { state, texts } = await memoryState()
    await state.put('a', row())
    await state.put('a', row())
    expect(texts).toHaveLength(2)
  })
})
