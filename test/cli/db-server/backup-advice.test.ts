import { describe, expect, it } from 'vitest'
import { backupAdvice } from '../../../src/session/backup-advice.ts'

const advice = (environment: string, backupRetentionDays: number, names: readonly string[] = ['shop']): string =>
  backupAdvice({ environment, rds: { backupRetentionDays }, databases: { names } } as never).join('\n')

describe('backup advice', () => {
  it('production: what RDS cannot bring back needs dumps; one database alone only where there are several', () => {
    expect(advice('production', 14)).toBe(
      'RDS backs up the whole server and can restore any second of the last 14 days. For data older than 14 days, or in another account or region, keep dumps of your own: infra db backup --all --to s3://<bucket>/<prefix>/',
    )
    expect(advice('prod-eu', 14, ['shop', 'crm'])).toContain('older than 14 days, of one database alone, or in another')
  })

  it('few days are told in production', () => {
    expect(advice('production', 1)).toMatch(/the last day\..*older than a day, .*\nrds\.backupRetentionDays is 1, which is short/)
    expect(advice('production', 7)).not.toContain('short')
  })

  it.each(['staging', 'dev', 'productivity'])('%s: what RDS does is enough', (environment) => {
    expect(advice(environment, 7)).toMatch(
      new RegExp(`For ${environment} that is enough; before a risky change: infra db snapshot$`),
    )
  })

  it('no backups at all are told everywhere', () => {
    expect(advice('dev', 0)).toBe('RDS makes no backups (rds.backupRetentionDays is 0): lost data stays lost.')
    expect(advice('production', 0)).toContain('For production, set 7 days or more (at most 35).')
  })
})
