import { type FakeKind, fakeKind, Link, Net, Note } from '../../engine/support/kinds.ts'
import type { Declare } from '../../engine/support/world.ts'

// Short waits: each look of a wait is one more instant at which to kill, and teaches nothing new.
/** Found only by its tags, with a client token, slow in both directions (a NAT gateway). */
export const Gate = fakeKind('gate', { found: 'tag', token: true, readyMs: 500, goneMs: 300, fixed: true })
/** Found only by its tags, without a token, slow (nothing in EC2 is as bad; something may be). */
export const Pool = fakeKind('pool', { found: 'tag', readyMs: 500 })
/** Holds data, guarded, slow in everything, not born as it is wanted (an RDS instance). */
export const Db = fakeKind('db', {
  data: true,
  guarded: true,
  readyMs: 500,
  goneMs: 300,
  born: { color: 'plain' },
  changeMs: 300,
})

/** Lives in one of those (a database in its server), and is changed after it is made (its grants). */
export const Inner = fakeKind('inner', { inside: 'db', born: { color: 'open' } })

/** Goes with the net that it begins at, and holds the one that it leads to (the rule of a security group). */
export const Rule = fakeKind('rule', { found: 'natural', goesWith: 'net' })

export const kinds: readonly FakeKind[] = [Gate, Pool, Db, Inner, Rule]

/** Every sort of resource once: by tag with and without token, by name, by what it connects, data, a soft edge. */
export const first: Declare = (add) => {
  const net = add(Net, 'net', { color: 'red' })
  const gate = add(Gate, 'gate', { uses: [net.id] })
  add(Link, 'link', { from: net.id, to: gate.id })
  const group = add(Note, 'group', { size: 1, uses: [net.id] })
  const db = add(Db, 'db', { size: 2, color: 'red', uses: [group.id] })
  add(Note, 'alarm', {}, { beside: [db.id] })
}

/** The same after an edit: a prop is another, a resource is no longer declared, another is new. */
export const second: Declare = (add) => {
  const net = add(Net, 'net', { color: 'blue' })
  const gate = add(Gate, 'gate', { uses: [net.id] })
  const group = add(Note, 'group', { size: 2, uses: [net.id] })
  const db = add(Db, 'db', { size: 2, color: 'red', uses: [group.id] })
  add(Note, 'alarm', {}, { beside: [db.id] })
  add(Link, 'way', { from: gate.id, to: net.id })
}

/** Only what has a token, a name or a natural key: what can be made again without a look. */
export const tokens: Declare = (add) => {
  const gate = add(Gate, 'gate', {})
  const note = add(Note, 'note', { uses: [gate.id] })
  const dam = add(Gate, 'dam', { uses: [note.id] })
  add(Link, 'link', { from: gate.id, to: dam.id })
}

/** What lives in a server: a role, and databases that need it. */
export const inside: Declare = (add) => {
  const secret = add(Note, 'secret', {})
  const db = add(Db, 'db', { size: 2, color: 'red', uses: [secret.id] })
  const role = add(Inner, 'role', { from: db.id, color: 'closed', to: secret.id })
  for (const key of ['tenant-1', 'tenant-2']) add(Inner, key, { from: db.id, color: 'closed' }, { after: [role.id] })
}

/** What goes with another, and what cannot go before that: two of them name each other. */
export const together: Declare = (add) => {
  const [back, middle, front] = ['back', 'middle', 'front'].map((key) => add(Net, key, { color: 'red' }))
  if (!back || !middle || !front) return
  add(Rule, 'to-middle', { from: back.id, to: middle.id })
  add(Rule, 'to-front', { from: middle.id, to: front.id })
  add(Rule, 'to-back', { from: front.id, to: back.id })
}

/** One that only its tags could find. */
export const pool: Declare = (add) => void add(Pool, 'pool', {})

/** More of everything, wide and deep: for what only shows when many are under way at once. */
export const large: Declare = (add) => {
  const nets = ['west', 'east'].map((key) => add(Net, key, { color: 'red' }))
  for (const [i, net] of nets.entries()) {
    const pool = add(Pool, `pool-${i}`, { uses: [net.id] })
    const gate = add(Gate, `gate-${i}`, { uses: [pool.id] })
    add(Link, `link-${i}`, { from: net.id, to: gate.id })
  }
  const uses = nets.map((n) => n.id)
  const group = add(Note, 'group', { size: 1, uses })
  const role = add(Note, 'role', {}, { tags: { team: 'x' } })
  const dbs = ['main', 'copy'].map((key) => add(Db, key, { size: 2, color: 'red', uses: [group.id, role.id] }))
  for (const [i, db] of dbs.entries()) add(Note, `alarm-${i}`, {}, { beside: [db.id] })
}
