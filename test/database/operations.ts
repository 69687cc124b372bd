import { expect } from 'vitest'
import type { DatabaseSeen, Inside, RoleSeen } from '../../src/aws/sql.ts'
import type { Place } from './support.ts'

export const PASSWORD = 'Vk3n8sQw0pZx7rTb2mLc5hYd9fGj4aNe'
export const OTHER = 'another-Password-0123456789'

/** What tests of single operations say again and again. @param at asked for at each call: the server starts later */
export const operationsOn = (at: () => Place) => {
  let count = 0
  const look = async (): Promise<Inside> => {
    const looked = await at().send('Look', { server: at().server })
    if (looked.is !== 'open') throw new Error(looked.why)
    expect(looked.via).toBe('direct')
    return looked.inside
  }
  const given = (secret: string, password: string) => at().secrets.give(secret, password)
  return {
    /** Names of a test's own. */
    names: (): { role: string; database: string } => ({ role: `r${++count}`, database: `d${count}` }),
    role: async (name: string): Promise<RoleSeen | undefined> => (await look()).roles.find((r) => r.name === name),
    database: async (name: string): Promise<DatabaseSeen | undefined> => (await look()).databases.find((d) => d.name === name),
    login: (role: string, password: string, database = 'postgres') =>
      at().send('Login', { server: at().server, role, password: given(`try ${password}`, password), database }),
    createRole: (name: string, password = PASSWORD) =>
      at().send('CreateRole', { server: at().server, name, password: given(`of ${name}`, password) }),
    alterRole: (name: string, password = PASSWORD) =>
      at().send('AlterRole', { server: at().server, name, password: given(`of ${name}`, password) }),
    createDatabase: (name: string, owner: string, more: { encoding?: string; collation?: string } = {}) =>
      at().send('CreateDatabase', { server: at().server, name, owner, encoding: 'UTF8', collation: '', ...more }),
  }
}
