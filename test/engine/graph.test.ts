import { describe, expect, it } from 'vitest'
import { Graph, remaining } from '../../src/engine/graph.ts'
import { stillNeeding } from '../../src/engine/order.ts'
import { Ref } from '../../src/engine/ref.ts'
import type { Row } from '../../src/state/schema.ts'
import type { Client } from './support/client.ts'
import { Link, Net, Note } from './support/kinds.ts'

const empty = (): Graph<Client> => new Graph<Client>('shop-dev')

describe('declaring', () => {
  it('finds dependencies in refs at any depth, once each, sorted', () => {
    const add = empty().in('one')
    const graph = empty()
    const into = graph.in('one')
    const b = into(Net, 'b', {})
    const a = into(Net, 'a', {})
    into(Note, 'c', { uses: [b.id, a.id, b.id] })
    into(Link, 'd', { from: a.id, to: 'fixed' })
    expect(graph.get('c')?.deps).toEqual(['a', 'b'])
    expect(graph.get('d')?.deps).toEqual(['a'])
    expect(add).toBeTypeOf('function')
  })

  it('waits for `after` though nothing of it stands in the props', () => {
    const graph = empty()
    const add = graph.in('one')
    const a = add(Net, 'a', {})
    add(Note, 'b', {}, { after: [a.id] })
    expect(graph.get('b')?.deps).toEqual(['a'])
  })

  it('keeps `beside` apart from deps, and drops what is a dependency anyway', () => {
    const graph = empty()
    const add = graph.in('one')
    const a = add(Net, 'a', {})
    const b = add(Net, 'b', {})
    add(Note, 'c', { uses: [a.id] }, { beside: [b.id, a.id] })
    expect(graph.get('c')).toMatchObject({ deps: ['a'], beside: ['b'] })
  })

  it('names a resource by prefix and key unless told otherwise', () => {
    const graph = empty()
    graph.in('one')(Note, 'a', {})
    graph.in('one')(Note, 'b', {}, { name: 'other', shared: true, tags: { team: 'x' } })
    expect(graph.get('a')).toMatchObject({ name: 'shop-dev-a', shared: false, tags: {} })
    expect(graph.get('b')).toMatchObject({ name: 'other', shared: true, tags: { team: 'x' } })
  })

  it('refuses a key that is declared twice', () => {
    const graph = empty()
    graph.in('one')(Net, 'a', {})
    expect(() => graph.in('two')(Note, 'a', {})).toThrow('resource a is declared twice')
  })

  it('refuses a ref to what is not declared, in props and in beside', () => {
    const stray = new Ref<string>('ghost', 'id')
    expect(() => empty().in('one')(Link, 'a', { from: stray })).toThrow('resource a refers to ghost')
    expect(() => empty().in('one')(Link, 'a', {}, { beside: [stray] })).toThrow('resource a refers to ghost')
  })

  it('keeps nodes in the order of declaration', () => {
    const graph = empty()
    const add = graph.in('one')
    for (const key of ['z', 'a', 'm']) add(Net, key, {})
    expect(graph.nodes().map((n) => n.key)).toEqual(['z', 'a', 'm'])
  })
})

describe('steps', () => {
  const four = (): Graph<Client> => {
    const graph = empty()
    const net = graph.in('net')(Net, 'n', {})
    const guard = graph.in('guard')(Note, 'g', { uses: [net.id] })
    const db = graph.in('db')(Note, 'd', { uses: [guard.id] })
    graph.in('watch')(Note, 'w', {}, { beside: [db.id] })
    graph.in('free')(Note, 'f', {})
    return graph
  }

  it('needs the steps that it refers to directly, beside included', () => {
    expect(four().needs('db')).toEqual(['guard'])
    expect(four().needs('watch')).toEqual(['db'])
    expect(four().needs('free')).toEqual([])
  })

  it('withNeeds adds all that is needed, in the order of the stack', () => {
    expect(four().withNeeds(['watch', 'net'])).toEqual(['net', 'guard', 'db', 'watch'])
    expect(four().withNeeds(['free'])).toEqual(['free'])
  })

  it('a step that is opened twice is still one step', () => {
    const graph = empty()
    graph.in('one')(Net, 'a', {})
    graph.in('two')(Net, 'b', {})
    graph.in('one')(Net, 'c', {})
    expect(graph.steps).toEqual(['one', 'two'])
    expect(graph.withNeeds(['one'])).toEqual(['one'])
  })
})

describe('remaining', () => {
  it('is the weight of the heaviest chain that begins with a node', () => {
    const nodes = [
      { key: 'a', deps: [], w: 1 },
      { key: 'b', deps: ['a'], w: 10 },
      { key: 'c', deps: ['a'], w: 2 },
      { key: 'd', deps: ['c', 'b'], w: 3 },
      { key: 'e', deps: ['not here'], w: 4 },
    ]
    expect(Object.fromEntries(remaining(nodes, (n) => n.w))).toEqual({ a: 14, b: 13, c: 5, d: 3, e: 4 })
  })

  it('names those that depend on one another, as only a state that was edited by hand can have them', () => {
    const nodes = [
      { key: 'a', deps: ['c'] },
      { key: 'b', deps: ['a'] },
      { key: 'c', deps: ['b'] },
      { key: 'd', deps: ['a'] },
    ]
    expect(() => remaining(nodes, () => 1)).toThrow(/a, b, c depend on one another/)
    expect(() => remaining([{ key: 'a', deps: ['a'] }], () => 1)).toThrow('a depend on one another')
  })
})

describe('stillNeeding', () => {
  it('names what stays and would lose its ground', () => {
    const row = (...deps: string[]): Row => ({
      type: 'net',
      step: 's',
      name: 'n',
      is: 'ready',
      want: {},
      deps,
      token: '',
      at: '',
    })
    const rows = new Map([
      ['net', row()],
      ['sub', row('net')],
      ['db', row('sub', 'net')],
      ['free', row()],
    ])
    expect(stillNeeding(['net'], rows)).toEqual(new Map([['net', ['sub', 'db']]]))
    expect(stillNeeding(['net', 'sub', 'db'], rows)).toEqual(new Map())
    expect(stillNeeding(['free'], rows)).toEqual(new Map())
  })
})
