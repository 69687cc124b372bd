import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { scramVerifier } from '../../src/database/scram.ts'

const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')

describe('what PostgreSQL keeps of a password', () => {
  it('is that of RFC 7677: its keys make the signatures of the example there', () => {
    const [head, keys = ''] = scramVerifier('pencil', salt).split(/(?<=\$\S+)\$/)
    expect(head).toBe('SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==')
    const [stored = '', server = ''] = keys.split(':')
    const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
    const heard = [`n=user,r=rOprNGfwEbeRWgbNEkqO`, `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`, `c=biws,r=${nonce}`].join(',')
    const sign = (key: string): string => createHmac('sha256', Buffer.from(key, 'base64')).update(heard).digest('base64')
    expect(sign(server)).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
    const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64')
    const signature = Buffer.from(sign(stored), 'base64')
    const clientKey = Buffer.from(proof.map((byte, i) => byte ^ (signature[i] ?? 0)))
    expect(createHash('sha256').update(clientKey).digest('base64')).toBe(stored)
  })

  it('has a salt of its own each time', () => {
    expect(scramVerifier('pencil')).not.toBe(scramVerifier('pencil'))
    expect(scramVerifier('pencil')).toMatch(/^SCRAM-SHA-256\$4096:[\w+/]{22}==\$[\w+/]{43}=:[\w+/]{43}=$/)
  })

  it.each(['ä-Password', 'tab\there', '\u00a0space', '🐘🐘🐘🐘', ''])(
    '%j is refused: drivers do not agree on its bytes',
    (password) => {
      expect(() => scramVerifier(password)).toThrow('outside of ASCII')
    },
  )
})
